import { z } from 'zod';
import { promptSteps } from './prompt-steps.ts';

const usd = z.number().min(0).max(100_000);
const day = z.iso.date();
/** Characters. */
const longestName = 200;
const modelName = z.string().min(1).max(longestName);

/** US dollars for a million tokens; null where no price is published. */
export const ratesSchema = z.strictObject({
  input: usd,
  output: usd,
  cacheRead: usd.nullable().default(null),
  /** Writes to a cache of the shortest lifetime: five minutes with Anthropic, half an hour with OpenAI. */
  cacheWrite5m: usd.nullable().default(null),
  cacheWrite1h: usd.nullable().default(null),
});
export type Rates = z.output<typeof ratesSchema>;

export const priceSchema = z
  .strictObject({
    /** Names as `resolveModel` gives them. */
    models: z.array(modelName).min(1).max(100),
    /** First day (UTC) it holds; since ever when absent. */
    from: day.optional(),
    /** First day (UTC) it holds no more; open when absent. */
    until: day.optional(),
    rates: ratesSchema,
    /** Rates of every token of a response whose prompt was longer than `above` tokens. */
    longPrompt: z.strictObject({ above: z.literal(promptSteps), rates: ratesSchema }).optional(),
    /** What the batch API takes; agents do not use it. */
    batch: z.strictObject({ input: usd, output: usd }).optional(),
    /** Where and when it was read. */
    source: z.string().min(1).max(500).optional(),
  })
  .refine(({ from, until }) => from === undefined || until === undefined || from < until, {
    message: 'until must be later than from',
  });
export type Price = z.output<typeof priceSchema>;

/** A file with the user's own prices. They come before those that codepiper ships with. */
export const priceFileSchema = z.strictObject({
  prices: z.array(priceSchema).max(1000).default([]),
  /** Models that cost what another one costs. */
  aliases: z.record(modelName, modelName).default({}),
});
export type PriceFile = z.output<typeof priceFileSchema>;

/** What tokens cost. A model without a published price adds to the unknown, never to `usd`. */
export const costSchema = z.object({
  /** US dollars of what has a price. */
  usd: z.number(),
  /** False when something in the sum has no price. */
  isComplete: z.boolean(),
  unknownModels: z.array(z.string()),
  /** Tokens without a price. */
  unknownTokens: z.number(),
});
export type Cost = z.infer<typeof costSchema>;

/** Tokens by the classes that have prices of their own. */
export interface PricedTokens {
  input: number;
  output: number;
  cacheRead: number;
  cacheWrite5m: number;
  cacheWrite1h: number;
}

/** Stands for a response that names no model. */
export const namelessModel = '(no model)';

const prefixes = /^(?:(?:us|eu|apac|au|jp|ca|global|us-gov)\.)?(?:anthropic|openai)\./;
const suffixes = [
  /\[1m\]$/,
  /@(?:latest|default|\d{8})$/,
  /-v\d+(?::\d+)?$/,
  /-20\d{2}-\d{2}-\d{2}$/,
  /-20\d{6}$/,
  /-latest$/,
];

/**
 * The name of a model as prices have it: without provider, region, date and context marks. `-fast` stays: fast mode
 * has prices of its own.
 */
export function resolveModel(name: string): string {
  // Names come from files too, and each pass below takes one mark off: what is no name any more is cut short.
  if (name.length > longestName) return `${name.slice(0, longestName)}…`;
  let model = name.trim().toLowerCase();
  model = model.slice(model.lastIndexOf('/') + 1).replace(prefixes, '');
  for (let before = ''; before !== model; ) {
    before = model;
    for (const suffix of suffixes) model = model.replace(suffix, '');
  }
  // Some gateways write claude-opus-4.6 for claude-opus-4-6.
  return model.startsWith('claude-') ? model.replaceAll('.', '-') : model;
}

interface Dated {
  from: number;
  until: number;
  price: Price;
}

/** Prices in force, by model and time. */
export class PriceBook {
  /** Times at which some price changes, ascending: between two of them every price is constant. */
  readonly changes: readonly number[];
  readonly #byModel = new Map<string, Dated[]>();
  readonly #aliases = new Map<string, string>();
  readonly #names = new Map<string, string>();

  /** @param own the user's; where one of them holds, the shipped price does not */
  constructor(shipped: readonly Price[], own: PriceFile = { prices: [], aliases: {} }) {
    const changes = new Set<number>();
    for (const price of [...own.prices, ...shipped]) {
      const from = price.from === undefined ? Number.NEGATIVE_INFINITY : Date.parse(price.from);
      const until = price.until === undefined ? Number.POSITIVE_INFINITY : Date.parse(price.until);
      for (const at of [from, until]) if (Number.isFinite(at)) changes.add(at);
      for (const model of price.models.map(resolveModel)) {
        const known = this.#byModel.get(model) ?? [];
        known.push({ from, until, price });
        this.#byModel.set(model, known);
      }
    }
    for (const [alias, model] of Object.entries(own.aliases)) {
      this.#aliases.set(resolveModel(alias), resolveModel(model));
    }
    this.changes = [...changes].sort((a, b) => a - b);
  }

  /**
   * Rates of a model at a time (milliseconds since the epoch); null when no price is known.
   *
   * @param step how many of `promptSteps` the prompt exceeded
   */
  find(model: string | null, at: number, step: number): Rates | null {
    if (model === null) return null;
    const dated = this.#byModel.get(this.nameOf(model));
    const price = dated?.find(({ from, until }) => at >= from && at < until)?.price;
    if (!price) return null;
    const { longPrompt } = price;
    return longPrompt && step > promptSteps.indexOf(longPrompt.above) ? longPrompt.rates : price.rates;
  }

  /** The rates if they are the same from one moment to another, both included; undefined when they are not. */
  findDuring(model: string | null, from: number, to: number, step: number): Rates | null | undefined {
    const rates = this.find(model, from, step);
    for (const at of this.changes) {
      if (at > from && at <= to && this.find(model, at, step) !== rates) return undefined;
    }
    return rates;
  }

  /** The same name for all spellings of a model, aliases included. */
  nameOf(model: string): string {
    let name = this.#names.get(model);
    if (name === undefined) {
      const resolved = resolveModel(model);
      name = this.#aliases.get(resolved) ?? resolved;
      // Names come from files: a flood of different ones is not kept.
      if (this.#names.size < 1000) this.#names.set(model, name);
    }
    return name;
  }
}

/** Adds costs up. */
export class CostSum {
  #usd = 0;
  #unknownTokens = 0;
  readonly #unknownModels = new Set<string>();

  /** Tokens of one model at one rate; rates are null when the model has no price. */
  add(model: string | null, rates: Rates | null, tokens: PricedTokens): void {
    this.#add(model, rates?.input, tokens.input);
    this.#add(model, rates?.output, tokens.output);
    this.#add(model, rates?.cacheRead, tokens.cacheRead);
    this.#add(model, rates?.cacheWrite5m, tokens.cacheWrite5m);
    this.#add(model, rates?.cacheWrite1h, tokens.cacheWrite1h);
  }

  #add(model: string | null, rate: number | null | undefined, count: number): void {
    if (count === 0) return;
    if (typeof rate === 'number') {
      this.#usd += (count * rate) / 1e6;
      return;
    }
    this.#unknownTokens += count;
    this.#unknownModels.add(model ?? namelessModel);
  }

  /** Adds all of another sum. */
  merge(other: CostSum): void {
    this.#usd += other.#usd;
    this.#unknownTokens += other.#unknownTokens;
    for (const model of other.#unknownModels) this.#unknownModels.add(model);
  }

  /** The sum so far. */
  get cost(): Cost {
    return {
      usd: this.#usd,
      isComplete: this.#unknownTokens === 0,
      unknownModels: [...this.#unknownModels].sort(),
      unknownTokens: this.#unknownTokens,
    };
  }
}
