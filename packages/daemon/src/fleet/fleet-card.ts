import type { Approval } from '@codepiper/core/approvals/approval.ts';
import type { CardCost, Doing, FleetCard, Repository } from '@codepiper/core/fleet/fleet.ts';
import { isLive, type Session } from '@codepiper/core/sessions/session.ts';
import type { SessionRecord } from '../sessions/session-record.ts';
import type { Said } from './said.ts';

/** What a card is made of. */
export interface CardParts {
  record: SessionRecord;
  /** Milliseconds since the epoch. */
  statusSince: number;
  approval: Approval | null;
  repository: Repository | null;
  /** Null of a session without a transcript. */
  said: Said | null;
  /** Of a session whose pane is looked at. */
  paneLine: string | null;
}

const iso = (at: number): string => new Date(at).toISOString();

export function toCard(parts: CardParts, present: (record: SessionRecord) => Session): FleetCard {
  const { record, said, statusSince, approval, repository, paneLine } = parts;
  return {
    session: present(record),
    repository,
    doing: doingOf(said),
    lastLine: said?.lastLine ?? paneLine,
    turn: inTurn(record) && said?.turnStartedAt ? { startedAt: iso(said.turnStartedAt) } : null,
    statusSince: iso(statusSince),
    cost: costOf(record, said),
    tokens: said?.tokens ?? null,
    context: said?.context ?? null,
    approval,
  };
}

/** The level of the session has the last word: a transcript is written behind it, and not at all after a crash. */
function inTurn({ status, activity }: SessionRecord): boolean {
  return isLive(status) && status !== 'starting' && activity !== 'idle';
}

function doingOf(said: Said | null): Doing | null {
  if (!said?.doing || said.doing.at === null) return null;
  const { kind, text, at } = said.doing;
  return { kind, text, since: iso(at) };
}

function costOf({ launch }: SessionRecord, said: Said | null): CardCost | null {
  if (!said?.cost) return null;
  const { usd, isComplete, unknownTokens } = said.cost;
  return {
    usd: usd === 0 && unknownTokens > 0 ? null : usd,
    isEstimate: !isComplete,
    isSubscription: launch.billingMode === 'subscription',
  };
}
