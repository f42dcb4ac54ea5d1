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

const units = ['', 'K', 'M', 'B', 'T'];

/** `9,999`, `12.3K`, `1.23M`: three digits, where there is no room for all. */
export function shortCount(value: number): string {
  if (value < 10_000) return count(value);
  let [rest, unit] = [value, 0];
  while (rest >= 999.5 && unit < units.length - 1) {
    rest /= 1000;
    unit += 1;
  }
  return `${rest.toFixed(rest < 9.995 ? 2 : rest < 99.95 ? 1 : 0)}${units[unit]}`;
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
export function unknownNote({ isComplete, unknownModels, unknownTokens }: Cost, word = 'unknown'): string {
  if (isComplete) return '';
  return `${word}: ${count(unknownTokens)} tokens of ${unknownModels.join(', ')} have no known price`;
}
