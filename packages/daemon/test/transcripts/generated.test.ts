import type { EntryKind, TokenCounts } from '@codepiper/core/transcripts/transcript.ts';
import { transcriptFormats } from '@codepiper/providers/transcript-formats.ts';
import { generateTranscripts } from '@codepiper/testkit/transcripts/generate.ts';
import {
  type GeneratedFile,
  type GeneratedTranscripts,
  totalsByDay,
} from '@codepiper/testkit/transcripts/truth.ts';
import { describe, expect, test } from 'vitest';

const seeds = Array.from({ length: 12 }, (_, index) => index + 1);
const zones = ['UTC', 'Asia/Kolkata', 'America/Los_Angeles', 'Pacific/Chatham', 'Europe/Berlin'];

interface Counted {
  model: string;
  turnId: string | null;
  at: number;
  tokens: TokenCounts;
}

function wholeLines(file: GeneratedFile): string[] {
  return file.content.split('\n').slice(0, -1);
}

/** As plainly as can be: the line with the most output counts, the first of equals. */
function countResponses(files: readonly GeneratedFile[], onlyMarked: boolean): Map<string, Counted> {
  const found = new Map<string, Counted>();
  for (const file of files) {
    const format = transcriptFormats[file.agent];
    const reader = format.createReader();
    for (const text of wholeLines(file)) {
      if (onlyMarked && !format.usageMarks.some((mark) => text.includes(mark))) continue;
      const { line } = reader.readLine(text);
      for (const item of line.items) {
        if (item.type !== 'usage') continue;
        const known = found.get(item.key);
        if (known && known.tokens.output >= item.tokens.output) continue;
        const { model, tokens, turnId } = item;
        found.set(item.key, { model: model ?? 'unknown', turnId, at: line.at ?? 0, tokens });
      }
    }
  }
  return found;
}

function countEntries(files: readonly GeneratedFile[]): Map<string, Partial<Record<EntryKind, number>>> {
  const seen = new Set<string>();
  const counts = new Map<string, Partial<Record<EntryKind, number>>>();
  for (const file of files) {
    const format = transcriptFormats[file.agent];
    const reader = format.createReader();
    const conversation = format.identify(`/root/${file.path}`).conversationId ?? '';
    for (const text of wholeLines(file)) {
      for (const item of reader.readLine(text).line.items) {
        const key = item.type === 'entry' ? `${conversation} ${item.kind} ${item.id}` : null;
        if (item.type !== 'entry' || key === null || seen.has(key)) continue;
        seen.add(key);
        const kinds = counts.get(conversation) ?? {};
        counts.set(conversation, { ...kinds, [item.kind]: (kinds[item.kind] ?? 0) + 1 });
      }
    }
  }
  return counts;
}

function expectedResponses({ truth }: GeneratedTranscripts): Map<string, Counted> {
  return new Map(
    [...truth.responses].map(([key, { model, turnId, at, tokens }]) => [key, { model, turnId, at, tokens }]),
  );
}

describe.each(seeds)('generated transcripts, seed %i', (seed) => {
  const generated = generateTranscripts(seed);
  const { files, truth } = generated;

  test('every response is found once, with its fullest usage, in whatever order files are read', () => {
    expect(countResponses(files, false)).toEqual(expectedResponses(generated));
    const backwards = countResponses([...files].reverse(), false);
    expect(new Map([...backwards].map(([key, { tokens }]) => [key, tokens]))).toEqual(
      new Map([...truth.responses].map(([key, { tokens }]) => [key, tokens])),
    );
  });

  test('lines without a mark change nothing', () => {
    expect(countResponses(files, true)).toEqual(expectedResponses(generated));
  });

  test.each(zones)('totals by day and model in %s', (zone) => {
    expect(totalsByDay(countResponses(files, true).values(), zone)).toEqual(
      totalsByDay(truth.responses.values(), zone),
    );
  });

  test('entries of every kind are counted, copies once', () => {
    expect(countEntries(files)).toEqual(truth.entries);
  });

  test('what nobody understands is told apart', () => {
    for (const file of files) {
      const reader = transcriptFormats[file.agent].createReader();
      const states = wholeLines(file).map((text) => reader.readLine(text).state);
      const count = (state: string) => states.filter((each) => each === state).length;
      const junk = truth.junk.get(file.path) ?? { invalid: 0, unknown: 0 };
      expect({ invalid: count('invalid'), unknown: count('unknown') }).toEqual(junk);
    }
  });

  test('reads the same in two halves', () => {
    for (const file of files) {
      const format = transcriptFormats[file.agent];
      const lines = wholeLines(file);
      const whole = format.createReader();
      const expected = lines.map((text) => whole.readLine(text));
      const half = Math.floor((lines.length * (seed % 7)) / 7);
      const first = format.createReader();
      const before = lines.slice(0, half).map((text) => first.readLine(text));
      const second = format.createReader(first.state());
      expect([...before, ...lines.slice(half).map((text) => second.readLine(text))]).toEqual(expected);
    }
  });

  test('forks name what they were copied from', () => {
    const forks = new Map<string, string>();
    for (const file of files) {
      const reader = transcriptFormats[file.agent].createReader();
      for (const text of wholeLines(file)) {
        for (const item of reader.readLine(text).line.items) {
          if (item.type === 'conversation' && item.forkedFrom !== null) forks.set(item.id, item.forkedFrom);
        }
      }
    }
    expect(forks).toEqual(truth.forks);
  });
});

test('the same seed gives the same files, another others', () => {
  expect(generateTranscripts(7)).toEqual(generateTranscripts(7));
  expect(generateTranscripts(7).files).not.toEqual(generateTranscripts(8).files);
});

test('the seeds hold what the generator promises', () => {
  const all = seeds.map((seed) => generateTranscripts(seed));
  const files = all.flatMap((each) => each.files);
  const responses = all.flatMap(({ truth }) => [...truth.responses.values()]);
  expect(files.filter(({ path }) => path.includes('/subagents/')).length).toBeGreaterThan(5);
  expect(files.filter(({ content }) => content.includes('"history_base"')).length).toBeGreaterThan(5);
  expect(all.reduce((sum, { truth }) => sum + truth.forks.size, 0)).toBeGreaterThan(20);
  expect(new Set(responses.map(({ model }) => model)).size).toBeGreaterThan(4);
  for (const zone of zones) {
    const days = [...totalsByDay(responses, zone).keys()];
    const utc = new Set(totalsByDay(responses, 'UTC').keys());
    if (zone !== 'UTC') expect(days.filter((day) => !utc.has(day)).length).toBeGreaterThan(3);
  }
});
