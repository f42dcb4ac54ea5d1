import type { Price, Rates } from './pricing.ts';

/** Raised with every change of the list. */
export const pricesVersion = '2026-11-21';

const anthropic = 'https://platform.claude.com/docs/en/about-claude/pricing, read 2026-11-21';
const anthropicFast =
  'https://platform.claude.com/docs/en/build-with-claude/fast-mode (caching multiplies the fast rates), read 2026-11-21';
const anthropicLong =
  'https://platform.claude.com/docs/en/about-claude/pricing (long context, until 2026-03-13), read 2026-11-21';
const fable52Source =
  "https://github.com/archid21/rightsize/releases/tag/v0.10.2, which follows the row of Anthropic's pricing page, and https://docs.laozhang.ai/en/announcements/claude-fable-5-2-2026-11; read 2026-11-21";
const openai = 'https://developers.openai.com/api/docs/pricing, read 2026-11-21';
const sol56 =
  'https://developers.openai.com/api/docs/changelog: a promotion from 2026-08-21 at least through 2026-11-21; read 2026-11-21';

/** Anthropic writes the five rates out; `read` is what a cache hit costs. */
const claude = (input: number, write5m: number, write1h: number, read: number, output: number): Rates => ({
  input,
  output,
  cacheRead: read,
  cacheWrite5m: write5m,
  cacheWrite1h: write1h,
});
/** OpenAI: writing a cache costs extra since GPT-5.6 only; before, what is written is read as plain input. */
const gpt = (input: number, read: number, output: number, write = input): Rates => ({
  input,
  output,
  cacheRead: read,
  cacheWrite5m: write,
  cacheWrite1h: write === input ? input : null,
});
/** Half of input and output, with both vendors. */
const batched = ({ input, output }: Rates) => ({ input: input / 2, output: output / 2 });
/** OpenAI's prompts of more than 272,000 tokens: input and cache twice, output one and a half times as much. */
const long272 = (rates: Rates) => ({
  above: 272_000 as const,
  rates: {
    input: rates.input * 2,
    output: rates.output * 1.5,
    cacheRead: rates.cacheRead === null ? null : rates.cacheRead * 2,
    cacheWrite5m: rates.cacheWrite5m === null ? null : rates.cacheWrite5m * 2,
    cacheWrite1h: rates.cacheWrite1h === null ? null : rates.cacheWrite1h * 2,
  },
});

type Dates = Pick<Price, 'from' | 'until'>;

const ofClaude = (
  models: string[],
  rates: Rates,
  more: Dates & Pick<Price, 'longPrompt' | 'source'> = {},
): Price => ({ models, rates, batch: batched(rates), source: anthropic, ...more });
/** Fast mode has no batch. Today's costs twice the usual rates, of every class. */
const ofFastClaude = (models: string[], usual: Rates, dates: Dates = {}): Price => ({
  models,
  rates: {
    input: usual.input * 2,
    output: usual.output * 2,
    cacheRead: usual.cacheRead === null ? null : usual.cacheRead * 2,
    cacheWrite5m: usual.cacheWrite5m === null ? null : usual.cacheWrite5m * 2,
    cacheWrite1h: usual.cacheWrite1h === null ? null : usual.cacheWrite1h * 2,
  },
  source: anthropicFast,
  ...dates,
});
/** The first fast mode; what its cache cost was not found. */
const ofFirstFastClaude = (models: string[], more: Dates & Pick<Price, 'longPrompt'> = {}): Price => ({
  models,
  rates: { input: 30, output: 150, cacheRead: null, cacheWrite5m: null, cacheWrite1h: null },
  source: anthropicFast,
  ...more,
});
type DatesAndSource = Dates & Pick<Price, 'source'>;
const ofGpt = (models: string[], rates: Rates, more: DatesAndSource = {}): Price => ({
  models,
  rates,
  batch: batched(rates),
  source: openai,
  ...more,
});
const ofLongGpt = (models: string[], rates: Rates, more: DatesAndSource = {}): Price => ({
  ...ofGpt(models, rates, more),
  longPrompt: long272(rates),
});

const fable52 = claude(8, 10, 16, 0.2, 40);
const opus55 = claude(4, 5, 8, 0.2, 20);
const opus5 = claude(5, 6.25, 10, 0.5, 25);
const sonnet3 = claude(3, 3.75, 6, 0.3, 15);
const sonnet3Long = { above: 200_000 as const, rates: claude(6, 7.5, 12, 0.6, 22.5) };

/**
 * Published list prices, in US dollars for a million tokens, of the models that Claude Code and Codex use. A model that
 * is not here has no known price. Dates are those of the vendors' announcements.
 */
export const shippedPrices: readonly Price[] = [
  ofClaude(['claude-fable-5-2'], fable52, { from: '2026-11-09', source: fable52Source }),
  ofClaude(['claude-fable-5-1', 'claude-mythos-5-1'], claude(10, 12.5, 20, 0.25, 50), { from: '2026-09-01' }),
  ofClaude(['claude-fable-5', 'claude-mythos-5'], claude(10, 12.5, 20, 1, 50)),
  ofClaude(['claude-opus-5-5'], opus55, { from: '2026-09-22' }),
  ofClaude(['claude-opus-5', 'claude-opus-4-8', 'claude-opus-4-7', 'claude-opus-4-5'], opus5),
  ofClaude(['claude-opus-4-6'], opus5, { from: '2026-03-13' }),
  ofClaude(['claude-opus-4-6'], opus5, {
    until: '2026-03-13',
    longPrompt: { above: 200_000, rates: claude(10, 12.5, 20, 1, 37.5) },
    source: anthropicLong,
  }),
  ofClaude(
    [...['claude-opus-4-1', 'claude-opus-4', 'claude-opus-4-0'], ...['claude-3-opus', 'claude-opus-3']],
    claude(15, 18.75, 30, 1.5, 75),
  ),
  ofClaude(['claude-sonnet-5-5'], claude(2, 2.5, 4, 0.1, 10), { from: '2026-10-07' }),
  ofClaude(['claude-sonnet-5-5'], claude(2, 2.5, 4, 0.2, 10), { until: '2026-10-07' }),
  ofClaude(['claude-sonnet-5'], claude(2, 2.5, 4, 0.2, 10)),
  ofClaude(['claude-sonnet-4-6'], sonnet3, { from: '2026-03-13' }),
  ofClaude(['claude-sonnet-4-6'], sonnet3, {
    until: '2026-03-13',
    longPrompt: sonnet3Long,
    source: anthropicLong,
  }),
  ofClaude(['claude-sonnet-4-5', 'claude-sonnet-4', 'claude-sonnet-4-0'], sonnet3, {
    longPrompt: sonnet3Long,
  }),
  ofClaude(['claude-3-7-sonnet', 'claude-sonnet-3-7', 'claude-3-5-sonnet', 'claude-sonnet-3-5'], sonnet3),
  ofClaude(['claude-haiku-5-5'], claude(0.1, 0.125, 0.2, 0.01, 0.5), {
    from: '2026-10-07',
    longPrompt: { above: 100_000, rates: claude(0.5, 0.625, 1, 0.05, 2.5) },
  }),
  ofClaude(['claude-haiku-4-5'], claude(1, 1.25, 2, 0.1, 5)),
  ofClaude(['claude-3-5-haiku', 'claude-haiku-3-5'], claude(0.8, 1, 1.6, 0.08, 4)),
  ofClaude(['claude-3-haiku', 'claude-haiku-3'], claude(0.25, 0.3, 0.5, 0.03, 1.25)),
  ofFastClaude(['claude-fable-5-2-fast'], fable52, { from: '2026-11-09' }),
  ofFastClaude(['claude-opus-5-5-fast'], opus55, { from: '2026-09-22' }),
  ofFastClaude(['claude-opus-5-fast', 'claude-opus-4-8-fast'], opus5),
  ofFirstFastClaude(['claude-opus-4-7-fast']),
  ofFirstFastClaude(['claude-opus-4-6-fast'], { from: '2026-03-13' }),
  ofFirstFastClaude(['claude-opus-4-6-fast'], {
    until: '2026-03-13',
    longPrompt: {
      above: 200_000,
      rates: { input: 60, output: 225, cacheRead: null, cacheWrite5m: null, cacheWrite1h: null },
    },
  }),

  ofLongGpt(['gpt-6.1-terra'], gpt(1, 0.05, 5, 1.25), { from: '2026-10-26' }),
  ofLongGpt(['gpt-6.1-sol'], gpt(2, 0.1, 10, 2.5), { from: '2026-09-29' }),
  ofLongGpt(['gpt-6-sol'], gpt(2, 0.2, 10, 2.5), { from: '2026-09-22' }),
  ofLongGpt(['gpt-6-luna'], gpt(0.1, 0.01, 0.5, 0.125), { from: '2026-09-22' }),
  ofLongGpt(['gpt-6-astra'], gpt(10, 1, 50, 12.5), { from: '2026-09-03' }),
  // What holds after the promotion is not known yet.
  ofLongGpt(['gpt-5.6-sol', 'gpt-5.6'], gpt(4, 0.4, 20, 5), {
    from: '2026-08-21',
    until: '2026-11-22',
    source: sol56,
  }),
  ofLongGpt(['gpt-5.6-sol', 'gpt-5.6'], gpt(5, 0.5, 30, 6.25), { until: '2026-08-21' }),
  ofLongGpt(['gpt-5.6-terra'], gpt(2, 0.2, 12, 2.5), { from: '2026-07-30' }),
  ofLongGpt(['gpt-5.6-terra'], gpt(2.5, 0.25, 15, 3.125), { until: '2026-07-30' }),
  ofLongGpt(['gpt-5.6-luna'], gpt(0.2, 0.02, 1.2, 0.25), { from: '2026-07-30' }),
  ofLongGpt(['gpt-5.6-luna'], gpt(1, 0.1, 6, 1.25), { until: '2026-07-30' }),
  ofLongGpt(['gpt-5.5'], gpt(5, 0.5, 30)),
  ofLongGpt(['gpt-5.4'], gpt(2.5, 0.25, 15)),
  ofGpt(['gpt-5.4-mini'], gpt(0.75, 0.075, 4.5)),
  ofGpt(['gpt-5.4-nano'], gpt(0.2, 0.02, 1.25)),
  ofGpt(['gpt-5.3-codex', 'gpt-5.2-codex', 'gpt-5.2'], gpt(1.75, 0.175, 14)),
  ofGpt(['gpt-5.1', 'gpt-5.1-codex', 'gpt-5', 'gpt-5-codex'], gpt(1.25, 0.125, 10)),
  ofGpt(['gpt-5-mini', 'gpt-5.1-codex-mini'], gpt(0.25, 0.025, 2)),
  ofGpt(['gpt-5-nano'], gpt(0.05, 0.005, 0.4)),
  ofGpt(['codex-mini'], gpt(1.5, 0.375, 6)),
];
