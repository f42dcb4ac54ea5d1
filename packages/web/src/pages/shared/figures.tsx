import type { FleetCard } from '@codepiper/core/fleet/fleet.ts';
import { cx } from '../../kit/cx.ts';

/** From here on the agent will soon have to leave something out, in percent. */
const fullPercent = 80;

/** How much of what the model can read is used. */
export function ContextUsed({ context }: { context: FleetCard['context'] }) {
  if (!context) return null;
  const { used, size } = context;
  if (size === null) {
    return <span title={`${exact(used)} tokens of context`}>{short(used)} ctx</span>;
  }
  const percent = Math.min(100, Math.round((used / size) * 100));
  const isFull = percent >= fullPercent;
  return (
    <span
      className={cx('inline-flex items-center gap-1.5', isFull && 'text-wait')}
      title={`${exact(used)} of ${exact(size)} tokens of context`}
    >
      <span aria-hidden="true" className="hidden h-1 w-8 overflow-hidden rounded-full bg-line sm:block">
        <span
          className={cx('block h-full rounded-full', isFull ? 'bg-wait' : 'bg-quiet')}
          style={{ width: `${percent}%` }}
        />
      </span>
      <span className="sr-only">context </span>
      {percent} %
    </span>
  );
}

/** What the session has cost; honest about what has no price. */
export function Cost({ cost }: { cost: FleetCard['cost'] }) {
  if (!cost) return null;
  const { usd, isEstimate, isSubscription } = cost;
  if (usd === null) {
    return <span title="There is no price for its model">$ ?</span>;
  }
  const note = [
    isEstimate && 'At least: part of it has no price.',
    isSubscription && 'By the prices of the API; on a subscription nobody is billed for it.',
  ].filter(Boolean);
  return (
    <span title={note.length > 0 ? note.join(' ') : 'By the prices of the API'}>
      <span className="sr-only">cost {isEstimate && 'at least '}</span>
      <span aria-hidden="true">{isEstimate && '≥ '}</span>
      {dollars(usd)}
    </span>
  );
}

function dollars(usd: number): string {
  if (usd > 0 && usd < 0.01) return '<$0.01';
  return `$${usd.toFixed(usd >= 100 ? 0 : 2)}`;
}

function exact(count: number): string {
  return count.toLocaleString('en');
}

function short(count: number): string {
  return count < 1000 ? String(count) : `${Math.round(count / 1000)}k`;
}
