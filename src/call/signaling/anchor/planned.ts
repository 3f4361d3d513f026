/** An offer on its way to being planned, and what is planned of it. Types only: the planning is in the files that share them. */

import type { RandomBytes } from '../../../base/ids.ts';
import type { Side } from '../../../model/tenant.ts';
import type { MediaSection, Sdp } from '../../../protocol/sdp/description.ts';
import type { SectionEdit } from '../../../protocol/sdp/section-edit.ts';
import type { Splice } from '../../../protocol/splice.ts';
import type { OpaqueReason } from './barriers.ts';
import type { LinePlan } from './line-plan.ts';
import type { MediaPorts } from './ports.ts';
import type { Forbidden, Unavailable } from './read-offered.ts';

export interface OfferParts {
  readonly ports: MediaPorts;
  readonly random: RandomBytes;
  /** Of our DTLS certificate; undefined where we speak no DTLS. */
  readonly fingerprint: string | undefined;
}

/** An offer of one side: in the dialog with `branch`, or the initial one. */
export interface OfferFrom {
  readonly from: Side;
  readonly branch: string;
  readonly sdp: Sdp;
}

/** One line of it. */
export interface OfferedLine extends OfferFrom {
  readonly mLine: number;
  readonly section: MediaSection;
}

export type PlannedOffer =
  | { readonly kind: 'plan'; readonly plans: readonly LinePlan[]; readonly edits: readonly Splice[] }
  /** No audio line to anchor. */
  | { readonly kind: 'no_audio' }
  /** Media we cannot carry: the tenant's onMediaUnavailable decides. */
  | { readonly kind: 'unavailable'; readonly reason: Unavailable | OpaqueReason }
  /** The tenant does not let that leg offer this. */
  | { readonly kind: 'forbidden'; readonly reason: Forbidden };

/** What one line is to be, and its section on the other side. */
export type PlannedLine =
  | { readonly kind: 'line'; readonly plan: LinePlan; readonly edit: SectionEdit | undefined }
  | Extract<PlannedOffer, { readonly kind: 'unavailable' | 'forbidden' }>
  | { readonly kind: 'opaque'; readonly reason: OpaqueReason };
