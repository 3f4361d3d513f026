/** The media anchor behind a fence: whatever it throws is counted and the call goes on with its SDP as it came. */

import { errorCode } from '../../base/error.ts';
import type { CallId } from '../../base/ids.ts';
import type { Log } from '../../base/log.ts';
import type { Metrics } from '../../base/metrics.ts';
import type { RoutedTenant } from '../../model/routing.ts';
import type { AnchorResult, MediaAnchor, MediaFacts } from './media-anchor.ts';

const FAILED: AnchorResult = { kind: 'untouched', reason: 'anchor_failed' };

export function guardAnchor(anchor: MediaAnchor, metrics: Metrics, log: Log): MediaAnchor {
  const guard = <Result>(step: string, call: CallId, otherwise: Result, ask: () => Result): Result => {
    try {
      return ask();
    } catch (thrown) {
      metrics.counter('earshot_anchor_failed_total', { step }).add();
      log.error({ call, step, code: errorCode(thrown), error: thrown }, 'media anchor failed, call goes on without it');
      return otherwise;
    }
  };
  return {
    open: (call: CallId, tenant: RoutedTenant) => guard('open', call, undefined, () => anchor.open(call, tenant)),
    offer: (offer) => guard('offer', offer.call, FAILED, () => anchor.offer(offer)),
    answer: (answer) => guard('answer', answer.call, FAILED, () => anchor.answer(answer)),
    confirm: (confirmed) => guard('confirm', confirmed.call, undefined, () => anchor.confirm(confirmed)),
    refuse: (refused) => guard('refuse', refused.call, undefined, () => anchor.refuse(refused)),
    end: (call) => guard('end', call, undefined, () => anchor.end(call)),
    describe: (call) => guard<MediaFacts>('describe', call, { media: 'none', legs: [] }, () => anchor.describe(call)),
  };
}
