/**
 * What Earshot says about itself while it works: a closed union, and no member of it can hold raw text. `release`,
 * `partial` and `insight` carry text that was redacted, the last with those values back in it that policy lets its
 * subscriber see; everything else carries names, counts and times.
 */

import type {
  CallId,
  InsightId,
  LegId,
  ProcessorId,
  ReleaseId,
  RevocationId,
  StreamId,
  TenantId,
} from '../../base/ids.ts';
import type { GapReason } from '../../model/audio.ts';
import type { DecisionCode, Entrypoint, Reason } from '../../model/decision.ts';
import type { EntryBody } from '../../model/evidence.ts';
import type { Modality } from '../../model/tenant.ts';
import type { EntityType } from '../../model/transcript.ts';

export type EarshotEvent =
  | {
      readonly kind: 'call';
      readonly call: CallId;
      readonly tenant: TenantId;
      readonly state: 'started' | 'ended';
      readonly reason?: string | undefined;
    }
  | {
      readonly kind: 'decision';
      readonly call: CallId;
      readonly tenant: TenantId;
      readonly entrypoint: Entrypoint;
      readonly allow: boolean;
      readonly code: DecisionCode;
      readonly reasons: readonly Reason[];
      readonly processor?: ProcessorId | undefined;
      readonly leg?: LegId | undefined;
      readonly stream?: StreamId | undefined;
      readonly modality?: Modality | undefined;
      readonly subscriber?: string | undefined;
    }
  | {
      readonly kind: 'lease';
      readonly call: CallId;
      readonly tenant: TenantId;
      readonly processor: ProcessorId;
      readonly stream: StreamId;
      readonly state: 'opened' | 'renewed' | 'closed';
      /** On the stream's timeline: how far the lease grants, or was used. */
      readonly throughMs: number;
      readonly bytes: number;
    }
  | {
      readonly kind: 'segment';
      readonly call: CallId;
      readonly tenant: TenantId;
      readonly leg: LegId;
      readonly stream: StreamId;
      readonly processor: ProcessorId;
      readonly final: boolean;
      readonly chars: number;
      readonly startMs: number;
      readonly endMs: number;
    }
  | {
      readonly kind: 'release';
      readonly call: CallId;
      readonly tenant: TenantId;
      readonly leg: LegId;
      readonly role: string;
      readonly processor: ProcessorId;
      readonly release: ReleaseId;
      /** Redacted, as it was sent. */
      readonly text: string;
      readonly entities: Readonly<Record<EntityType, number>>;
    }
  | {
      /** What a leg is saying, while it may still change: each one takes the place of the leg's last. */
      readonly kind: 'partial';
      readonly call: CallId;
      readonly tenant: TenantId;
      readonly leg: LegId;
      readonly role: string;
      /** Redacted. */
      readonly text: string;
      readonly startMs: number;
      readonly endMs: number;
    }
  | {
      readonly kind: 'insight';
      readonly call: CallId;
      readonly tenant: TenantId;
      readonly processor: ProcessorId;
      readonly insight: InsightId;
      readonly release?: ReleaseId | undefined;
      /** Redacted. */
      readonly text: string;
      readonly entities: Readonly<Record<EntityType, number>>;
      /** How many values of each type are in it in the place of their pseudonyms, and how many nobody knew any more. */
      readonly restored?: Readonly<Record<EntityType, number>> | undefined;
      readonly notRestored?: number | undefined;
      /** How long after it could be of use it came. */
      readonly lateMs?: number | undefined;
    }
  | {
      readonly kind: 'gap';
      readonly call: CallId;
      readonly tenant: TenantId;
      readonly stream: StreamId;
      readonly processor?: ProcessorId | undefined;
      readonly reason: GapReason;
      readonly fromMs: number;
      readonly toMs: number;
    }
  | {
      /** A key was pressed; which one is not known here. */
      readonly kind: 'dtmf';
      readonly call: CallId;
      readonly tenant: TenantId;
      readonly stream: StreamId;
      /** On the stream's timeline. */
      readonly atMs: number;
      readonly durationMs: number;
    }
  | {
      /** Card data is being taken: nobody hears the stream from here on, or may again. */
      readonly kind: 'pci';
      readonly call: CallId;
      readonly tenant: TenantId;
      readonly stream: StreamId;
      readonly state: 'opened' | 'closed';
      readonly trigger?: Extract<EntryBody, { kind: 'pci.open' }>['trigger'] | undefined;
      readonly reason?: Extract<EntryBody, { kind: 'pci.close' }>['reason'] | undefined;
      /** How much of it was sent since it began, where that is known by now. */
      readonly exposedMs?: number | undefined;
    }
  | {
      /** The kill switch was turned. Without a tenant it concerns all of them. */
      readonly kind: 'revocation';
      readonly tenant?: TenantId | undefined;
      readonly revocation: RevocationId;
      readonly action: 'silence' | 'lift';
      readonly scope: 'call' | 'processor' | 'tenant';
      readonly target: string;
    }
  | { readonly kind: 'condition'; readonly name: string; readonly state: 'raised' | 'cleared' };

/** An event in its place: `seq` counts from 1 in the life of this process. */
export type StampedEvent = EarshotEvent & { readonly seq: number; readonly atMs: number };

/** The same event for somebody who may know that something was said, and not what. */
export type Textless<Event> = Event extends { readonly text: string }
  ? Omit<Event, 'text'> & { readonly text?: undefined }
  : Event;

/** What a subscriber gets: events in order, and how many it missed where it was too slow or came too late. */
export type Delivery = StampedEvent | Textless<StampedEvent> | { readonly kind: 'missed'; readonly count: number };
