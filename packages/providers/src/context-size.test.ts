import { expect, it } from 'vitest';
import { transcriptFormats } from './transcript-formats.ts';

const recorded = import.meta.glob('./codex/fixtures/conversations/tui-all-events.jsonl', {
  query: '?raw',
  import: 'default',
  eager: true,
});
const claude = (model: string | null) => transcriptFormats['claude-code'].contextSize?.(model, () => '');
const codex = (end: string) => transcriptFormats.codex.contextSize?.('gpt-5.5', () => end);

it.each([
  ['claude-opus-4-5-20251101', 200_000],
  ['claude-opus-4-6', 1_000_000],
  ['us.anthropic.claude-sonnet-4-6', 1_000_000],
  ['claude-sonnet-4-5[1m]', 1_000_000],
  ['claude-opus-5-5-fast', 1_000_000],
  ['claude-haiku-4-5', 200_000],
  ['claude-3-7-sonnet-latest', 200_000],
  ['claude-opus-40', null],
  ['<synthetic>', null],
  ['gpt-5.5', null],
  [null, null],
])('knows how much %s reads', (model, size) => {
  expect(claude(model)).toBe(size);
});

it('takes what Codex says last of its model', () => {
  const [text = ''] = Object.values(recorded);
  expect(codex(text)).toBe(258_400);
  expect(codex(`${text}\n{"info":{"model_context_window":400000},`)).toBe(400_000);
  expect(codex('{"info":{}}')).toBeNull();
  expect(codex('')).toBeNull();
});
