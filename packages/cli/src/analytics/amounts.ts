import type { Cost } from '@codepiper/core/analytics/pricing.ts';

const whole = new Intl.NumberFormat('en-US');
const dollars = new Intl.NumberFormat('en-US', {
  minimumFractionDigits: 2,
  maximumFractionDigits: 2,
});

/** `1,234,567` */
export function count(value: number): string {
  return whole.format(value);
}

/** `$12.30`, `$12.30 + unknown`, `unknown`: a price that is not known is never left out silently. */
export function costText({ usd, isComplete }: Cost): string {
  if (isComplete) return dollarText(usd);
  return usd === 0 ? 'unknown' : `${dollarText(usd)} + unknown`;
}

function dollarText(usd: number): string {
  return usd > 0 && usd < 0.01 ? '<$0.01' : `$${dollars.format(usd)}`;
}

/** `93.1 %`; empty when there is nothing to take a part of. */
export function share(value: number | null): string {
  return value === null ? '' : `${(value * 100).toFixed(1)} %`;
}

/** `85 ms`, `3.2 s`, `4.1 min`; empty when nothing was measured. */
export function duration(ms: number | null): string {
  if (ms === null) return '';
  if (ms < 1000) return `${Math.round(ms)} ms`;
  return ms < 100_000 ? `${(ms / 1000).toFixed(1)} s` : `${(ms / 60_000).toFixed(1)} min`;
}

/** Says what is behind an `unknown`; empty when everything has a price. */
export function unknownNote({ isComplete, unknownModels, unknownTokens }: Cost): string {
  if (isComplete) return '';
  return `unknown: ${count(unknownTokens)} tokens of ${unknownModels.join(', ')} have no known price`;
}
