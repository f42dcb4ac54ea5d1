import { describe, expect, test } from 'vitest';
import { pricesVersion, shippedPrices } from './prices.data.ts';
import {
  CostSum,
  PriceBook,
  type PricedTokens,
  priceFileSchema,
  priceSchema,
  resolveModel,
} from './pricing.ts';
import { promptStep } from './prompt-steps.ts';

const book = new PriceBook(shippedPrices);
const at = Date.parse('2026-11-21T12:00:00Z');
const tokens = (over: Partial<PricedTokens>): PricedTokens => ({
  ...{ input: 0, output: 0, cacheRead: 0, cacheWrite5m: 0, cacheWrite1h: 0 },
  ...over,
});

test('a name that is none is cut short', () => {
  const name = new PriceBook(shippedPrices).nameOf(`x${'-latest'.repeat(50_000)}`);
  expect(name).toMatch(/^x-latest.{192}…$/);
});

describe('resolveModel', () => {
  test.each([
    ['claude-opus-4-6', 'claude-opus-4-6'],
    ['claude-sonnet-4-5-20250929', 'claude-sonnet-4-5'],
    ['anthropic/claude-opus-4.6', 'claude-opus-4-6'],
    ['openrouter/anthropic/claude-sonnet-4.5', 'claude-sonnet-4-5'],
    ['us.anthropic.claude-sonnet-4-5-20250929-v1:0', 'claude-sonnet-4-5'],
    ['global.anthropic.claude-opus-4-6-v1', 'claude-opus-4-6'],
    ['anthropic.claude-3-5-sonnet-20241022-v2:0', 'claude-3-5-sonnet'],
    [
      'arn:aws:bedrock:us-east-1:123456789012:inference-profile/us.anthropic.claude-haiku-4-5-20251001-v1:0',
      'claude-haiku-4-5',
    ],
    ['claude-3-5-sonnet-v2@20241022', 'claude-3-5-sonnet'],
    ['claude-sonnet-4@20250514', 'claude-sonnet-4'],
    ['publishers/anthropic/models/claude-opus-4-1@default', 'claude-opus-4-1'],
    ['claude-sonnet-4-5-20250929[1m]', 'claude-sonnet-4-5'],
    ['claude-opus-5-5[1m]', 'claude-opus-5-5'],
    ['claude-3-7-sonnet-latest', 'claude-3-7-sonnet'],
    ['claude-opus-5-5-fast', 'claude-opus-5-5-fast'],
    ['Claude-Opus-5-5', 'claude-opus-5-5'],
    ['gpt-5-2025-08-07', 'gpt-5'],
    ['openai/gpt-5.5', 'gpt-5.5'],
    ['gpt-6.1-sol', 'gpt-6.1-sol'],
    ['my-model', 'my-model'],
    ['arn:aws:bedrock:us-east-1:1:application-inference-profile/abc123', 'abc123'],
  ])('%s is %s', (name, model) => {
    expect(resolveModel(name)).toBe(model);
  });
});

describe('prices', () => {
  test('are well formed, and never two of a model at one time', () => {
    const seen = new Map<string, { from: string; until: string }[]>();
    for (const price of shippedPrices) {
      expect((price.from ?? '') <= pricesVersion, 'a price of the future').toBe(true);
      expect(priceSchema.parse(price)).toEqual(price);
      for (const model of price.models) {
        expect(resolveModel(model)).toBe(model);
        const mine = { from: price.from ?? '', until: price.until ?? '9999' };
        for (const other of seen.get(model) ?? []) {
          expect(mine.from >= other.until || other.from >= mine.until, `${model} twice`).toBe(true);
        }
        seen.set(model, [...(seen.get(model) ?? []), mine]);
      }
    }
  });

  test.each([
    // model, input, output, cache read, write 5m, write 1h
    ['claude-opus-5-5', 4, 20, 0.2, 5, 8],
    ['claude-fable-5-2', 8, 40, 0.2, 10, 16],
    ['claude-fable-5-2-fast', 16, 80, 0.4, 20, 32],
    ['claude-opus-5-5-fast', 8, 40, 0.4, 10, 16],
    ['claude-opus-4-6-fast', 30, 150, null, null, null],
    ['claude-opus-4-6', 5, 25, 0.5, 6.25, 10],
    ['claude-opus-4-5-20251101', 5, 25, 0.5, 6.25, 10],
    ['claude-opus-4-1', 15, 75, 1.5, 18.75, 30],
    ['claude-opus-4-20250514', 15, 75, 1.5, 18.75, 30],
    ['claude-sonnet-5-5', 2, 10, 0.1, 2.5, 4],
    ['claude-sonnet-4-6', 3, 15, 0.3, 3.75, 6],
    ['claude-3-5-sonnet-20241022', 3, 15, 0.3, 3.75, 6],
    ['claude-haiku-4-5', 1, 5, 0.1, 1.25, 2],
    ['claude-3-5-haiku-20241022', 0.8, 4, 0.08, 1, 1.6],
    ['claude-3-haiku-20240307', 0.25, 1.25, 0.03, 0.3, 0.5],
    ['gpt-5.5', 5, 30, 0.5, 5, 5],
    ['gpt-5-codex', 1.25, 10, 0.125, 1.25, 1.25],
    ['gpt-5-mini', 0.25, 2, 0.025, 0.25, 0.25],
    ['gpt-6.1-sol', 2, 10, 0.1, 2.5, null],
  ])('of %s', (model, input, output, cacheRead, cacheWrite5m, cacheWrite1h) => {
    expect(book.find(model, at, 0)).toEqual({ input, output, cacheRead, cacheWrite5m, cacheWrite1h });
  });

  test.each(['my-model', '<synthetic>', 'claude-opus-9', 'gpt-5.5-turbo', 'claude-opus-4-6-superfast', null])(
    'of %s are not known',
    (model) => {
      expect(book.find(model, at, 0)).toBeNull();
    },
  );

  test('change at midnight UTC of a day', () => {
    const change = Date.parse('2026-10-07T00:00:00Z');
    expect(book.find('claude-sonnet-5-5', change - 1, 0)?.cacheRead).toBe(0.2);
    expect(book.find('claude-sonnet-5-5', change, 0)?.cacheRead).toBe(0.1);
    // The end of a promotion: nobody knows what comes.
    expect(book.find('gpt-5.6', Date.parse('2026-11-22T00:00:00Z'), 0)).toBeNull();
    expect(book.changes).toContain(change);
  });

  test('of long prompts hold above the length, not at it', () => {
    expect(book.find('claude-haiku-5-5', at, promptStep(100_000))?.input).toBe(0.1);
    expect(book.find('claude-haiku-5-5', at, promptStep(100_001))?.input).toBe(0.5);
    expect(book.find('gpt-5.5', at, promptStep(272_000))?.output).toBe(30);
    expect(book.find('gpt-5.5', at, promptStep(272_001))?.output).toBe(45);
    expect(book.find('claude-opus-5-5', at, promptStep(900_000))?.input).toBe(4);
    expect(book.find('claude-opus-4-6', Date.parse('2026-03-12'), promptStep(250_000))?.input).toBe(10);
    expect(book.find('claude-opus-4-6', Date.parse('2026-03-13'), promptStep(250_000))?.input).toBe(5);
  });
});

describe("the user's prices", () => {
  test('come first, and only while they hold', () => {
    const own = priceFileSchema.parse({
      prices: [
        { models: ['my-model'], rates: { input: 1, output: 2 } },
        {
          models: ['anthropic/claude-opus-5-5'],
          from: '2026-11-01',
          rates: { input: 3, output: 15, cacheRead: 0 },
        },
      ],
      aliases: { 'corp/best': 'claude-haiku-4-5' },
    });
    const mine = new PriceBook(shippedPrices, own);
    expect(mine.find('my-model', at, 0)).toMatchObject({ input: 1, cacheRead: null });
    expect(mine.find('claude-opus-5-5', at, 0)?.input).toBe(3);
    expect(mine.find('claude-opus-5-5', Date.parse('2026-10-31'), 0)?.input).toBe(4);
    expect(mine.find('corp/best', at, 0)?.output).toBe(5);
    expect(mine.nameOf('corp/best')).toBe('claude-haiku-4-5');
  });

  test.each([
    [{ prices: [{ models: ['a'], rates: { input: 1 } }] }],
    [{ prices: [{ models: ['a'], rates: { input: -1, output: 1 } }] }],
    [{ prices: [{ models: ['a'], rates: { input: 1, output: 1, cached: 1 } }] }],
    [{ prices: [{ models: ['a'], from: '2026-02-30', rates: { input: 1, output: 1 } }] }],
    [
      {
        prices: [{ models: ['a'], from: '2026-02-02', until: '2026-02-02', rates: { input: 1, output: 1 } }],
      },
    ],
    [{ price: [] }],
    [
      {
        prices: [
          {
            models: ['a'],
            rates: { input: 1, output: 1 },
            longPrompt: { above: 5, rates: { input: 1, output: 1 } },
          },
        ],
      },
    ],
  ])('are refused when they are wrong: %j', (file) => {
    expect(priceFileSchema.safeParse(file).success).toBe(false);
  });
});

describe('CostSum', () => {
  test('adds each class at its rate', () => {
    const sum = new CostSum();
    sum.add(
      'claude-opus-5-5',
      book.find('claude-opus-5-5', at, 0),
      tokens({ input: 1e6, output: 1e5, cacheRead: 1e7, cacheWrite5m: 2e5, cacheWrite1h: 1e5 }),
    );
    expect(sum.cost.usd).toBeCloseTo(4 + 2 + 2 + 1 + 0.8, 9);
    expect(sum.cost).toMatchObject({ isComplete: true, unknownModels: [], unknownTokens: 0 });
  });

  test('never guesses: what has no price is counted apart', () => {
    const sum = new CostSum();
    sum.add('claude-haiku-4-5', book.find('claude-haiku-4-5', at, 0), tokens({ input: 1e6 }));
    sum.add('my-model', null, tokens({ input: 10, output: 5 }));
    sum.add(
      'claude-opus-4-7-fast',
      book.find('claude-opus-4-7-fast', at, 0),
      tokens({ input: 1e6, cacheRead: 7 }),
    );
    sum.add(null, null, tokens({ output: 1 }));
    expect(sum.cost).toEqual({
      usd: 31,
      isComplete: false,
      unknownModels: ['(no model)', 'claude-opus-4-7-fast', 'my-model'],
      unknownTokens: 23,
    });
  });

  test('a response without tokens is no unknown cost', () => {
    const sum = new CostSum();
    sum.add('<synthetic>', null, tokens({}));
    expect(sum.cost.isComplete).toBe(true);
  });
});
