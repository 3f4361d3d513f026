/**
 * Card windows over the API, for whoever takes the payment and knows when. Opening one needs neither database nor policy,
 * like the kill switch, and the same role; closing one lets hearing be asked for again, and needs that of a lift.
 */

import { isId } from '../../base/ids.ts';
import type { AccessAction, Principal } from '../../model/access.ts';
import type { PciWindowView } from '../../model/api/pci.ts';
import { can } from '../access/ability.ts';
import { AskError, type PciVerbs } from './administration.ts';
import { isOver, type LiveCall } from './live-calls.ts';
import type { PciWindow } from './pci-state.ts';
import { closeWindow, openWindow } from './pci-window.ts';
import type { Deps } from './ports.ts';

export function pciVerbsOf(deps: Deps): PciVerbs {
  return {
    openPciWindow: (principal, call) => Promise.resolve().then(() => open(deps, principal, call)),
    closePciWindow: (principal, call) => Promise.resolve().then(() => close(deps, principal, call)),
  };
}

/** Where one is open it stays open longer. Throws FORBIDDEN, NOT_FOUND, or CONFLICT where there is no customer. */
function open(deps: Deps, principal: Principal, name: string): PciWindowView {
  const call = findCall(deps, principal, 'silence', name);
  const isOpen = openWindow(deps, call, { trigger: 'api', actor: principal.token });
  const window = call.pci.open;
  if (isOpen && window !== undefined) return viewWindow(deps, call, window, 'open');
  throw new AskError('CONFLICT', 'this call has no customer to be kept from being heard');
}

/** Throws FORBIDDEN or NOT_FOUND. */
function close(deps: Deps, principal: Principal, name: string): PciWindowView {
  const call = findCall(deps, principal, 'change', name);
  const window = call.pci.open;
  if (window === undefined) throw new AskError('NOT_FOUND', 'no card data is being taken in that call');
  closeWindow(deps, call, 'api', principal.token);
  return viewWindow(deps, call, window, 'closed');
}

/** Whose call it is nobody learns who may not see it. */
function findCall(deps: Deps, principal: Principal, action: AccessAction, name: string): LiveCall {
  if (!can(principal, action, 'Hearing')) throw new AskError('FORBIDDEN', 'this token may not change who hears');
  const call = isId('call', name) ? deps.calls.get(name) : undefined;
  if (call === undefined || isOver(call) || !can(principal, action, 'Hearing', { tenant: call.tenant.id })) {
    throw new AskError('NOT_FOUND', 'no such call lives on this node');
  }
  return call;
}

function viewWindow(
  { clock }: Deps,
  { call }: LiveCall,
  { trigger, untilUs, streams }: PciWindow,
  state: PciWindowView['state'],
): PciWindowView {
  const untilMs = Math.trunc(clock.wallMs() + (untilUs - clock.monoUs()) / 1000);
  return {
    call,
    state,
    trigger,
    ...(state === 'open' ? { until_ms: Math.max(0, untilMs) } : {}),
    streams: [...streams.values()].map(({ stream, window, openedMs }) => ({ stream, window, opened_ms: openedMs })),
  };
}
