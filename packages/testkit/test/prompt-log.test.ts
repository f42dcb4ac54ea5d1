import { expect, test } from 'vitest';
import { type Entry, PromptLog, readTurn } from '../src/model-servers/conversation.ts';

const user = (text: string): Entry => ({ speaker: 'user', text });
const assistant = (text: string): Entry => ({ speaker: 'assistant', text });
const tool = (text: string): Entry => ({ speaker: 'tool', text });

test('a retry and a tool result add no prompt, an equal prompt given again does', () => {
  const log = new PromptLog();
  log.add('a', [user('go')]);
  log.add('a', [user('go')]);
  log.add('a', [user('go'), assistant('run'), tool('ok')]);
  log.add('a', [user('go'), assistant('run'), tool('ok'), assistant('done'), user('go')]);
  expect(log.list()).toEqual(['go', 'go']);
});

test('a prompt after an interruption is one more, beside the one that was never answered', () => {
  const log = new PromptLog();
  log.add('a', [user('one')]);
  log.add('a', [user('one'), user('two')]);
  expect(log.list()).toEqual(['one', 'two']);
});

test('of a conversation that began elsewhere only what is not answered yet is new', () => {
  const log = new PromptLog();
  log.add('fork', [user('old'), assistant('old answer'), user('new')]);
  log.add('fork', [user('old'), assistant('old answer'), user('new'), assistant('x'), user('newer')]);
  expect(log.list()).toEqual(['new', 'newer']);
});

test('two conversations with the same words are two', () => {
  const log = new PromptLog();
  log.add('a', [user('hi')]);
  log.add('b', [user('hi')]);
  expect(log.list()).toEqual(['hi', 'hi']);
});

test('a turn goes on after a tool result only when nothing was said since', () => {
  const history = [user('RUN x'), assistant('run'), tool('out')];
  expect(readTurn(history).toolResult).toEqual({ output: 'out', failed: false });
  expect(readTurn([...history, user('stop')])).toEqual({ prompt: 'stop', prompts: ['RUN x', 'stop'] });
});

test('what the program tells by itself after an answer is news, and no prompt given again', () => {
  const system: Entry = { speaker: 'system', text: '<task-notification>' };
  const history = [user('go'), system, assistant('launched')];
  expect(readTurn([...history, system]).isNews).toBe(true);
  expect(readTurn([user('go'), system]).isNews).toBeUndefined();
  expect(readTurn([...history, system, user('on')]).isNews).toBeUndefined();
  expect(readTurn([...history, tool('out'), system]).isNews).toBeUndefined();
});
