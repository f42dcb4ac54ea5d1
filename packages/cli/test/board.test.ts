import { beforeEach, describe, expect, test } from 'vitest';
import { ApprovalBoard } from '../src/approvals/board.ts';
import { readKeys } from '../src/approvals/keyboard.ts';
import { anApproval, aQuestion } from './approval.ts';

let now: number;
beforeEach(() => {
  now = Date.parse('2026-11-21T12:00:00.000Z');
});

const id = (n: number) => `${n}f1c2d3e-1111-4222-8333-444455556666`;
const one = anApproval({ id: id(1), summary: 'first' });
const two = anApproval({ id: id(2), summary: 'second' });

function board(isPopup = false, approvals = [one, two]) {
  const made = new ApprovalBoard({ isPopup, now: () => now });
  made.show(approvals);
  now += 1_000;
  const view = () => made.view(80, 24, { paint: (text) => text, now, userHome: '/home/ada' }).join('\n');
  /** What the last key did. */
  const press = (...keys: string[]) => keys.map((key) => made.press(key)).at(-1);
  return { made, view, press };
}

describe('the list of approvals', () => {
  test('answers the chosen one by its key', () => {
    const { press, view } = board();
    expect(view()).toMatch(/^> 1f1c2d3e.*first$/m);
    expect(press('a')).toEqual({ do: 'approve', id: id(1), grant: 'once' });
    expect(press('down', 's')).toEqual({ do: 'approve', id: id(2), grant: 'session' });
    expect(press('k', 'A')).toEqual({ do: 'propose', id: id(1), rule: undefined });
    expect(press('d', 'n', 'o', 'x', 'backspace', 'enter')).toEqual({ do: 'deny', id: id(1), reason: 'no' });
    expect(press('q')).toEqual({ do: 'quit' });
  });

  test('a key meant for one that was settled answers no other', () => {
    const { made, press, view } = board();
    made.show([two]);
    expect(view()).toContain('1f1c2d3e is settled.');
    expect(press('a')).toBeNull();
    expect(press('j', 'a')).toEqual({ do: 'approve', id: id(2), grant: 'once' });
  });

  test('a question that was answered elsewhere takes its prompt away', () => {
    const { made, press } = board();
    press('d', 'n');
    made.show([two]);
    expect(press('enter')).toBeNull();
  });

  test('one that comes leaves the chosen one chosen', () => {
    const { made, press } = board(false, [two]);
    made.show([one, two]);
    expect(press('a')).toEqual({ do: 'approve', id: id(2), grant: 'once' });
  });

  test('shows all of one, and answers it there', () => {
    const { press, view } = board();
    press('enter');
    expect(view()).toContain('careful allows it');
    expect(press('a')).toEqual({ do: 'approve', id: id(1), grant: 'once' });
  });

  test('asks question after question; a number is the proposed answer', () => {
    const { press, view } = board(false, [aQuestion({ id: id(1) })]);
    expect(press('a')).toBeNull();
    expect(view()).toContain('Which database?');
    expect(press('2', 'enter')).toBeNull();
    expect(press('s', 'o', 'enter')).toEqual({
      do: 'approve',
      id: id(1),
      grant: 'once',
      answers: { 'Which database?': 'SQLite', 'Why?': 'so' },
    });
  });

  test('keeps a rule only after it was shown, and only when it allows the call', () => {
    const { made, press, view } = board();
    const rule = { action: 'allow' as const };
    const proposal = { rule, allowsThis: false, matches: ['git push'], nearMisses: ['git push -f'] };
    made.propose(id(1), proposal);
    expect(view()).toContain('git push -f');
    expect(press('enter')).toBeNull();
    expect(press('e')).toEqual({ do: 'edit', id: id(1), rule });
    made.propose(id(1), { ...proposal, allowsThis: true });
    expect(press('x')).toBeNull();
    made.propose(id(1), { ...proposal, allowsThis: true });
    expect(press('enter')).toEqual({ do: 'keep', id: id(1), rule });
  });

  test('fits its screen', () => {
    const many = Array.from({ length: 50 }, (_, n) =>
      anApproval({ id: `${n + 10}1c2d3e-1111-4222-8333-444455556666`, summary: `x${'y'.repeat(200)}` }),
    );
    const { made, press, view } = board(false, many);
    for (let n = 0; n < 40; n++) press('j');
    const lines = view().split('\n');
    expect(lines).toHaveLength(24);
    expect(lines.every((line) => line.length <= 80)).toBe(true);
    expect(view()).toContain('> ');
    expect(made.isEmpty).toBe(false);
  });
});

describe('in the popup', () => {
  test('what somebody types as it opens answers nothing', () => {
    const made = new ApprovalBoard({ isPopup: true, now: () => now });
    made.show([one]);
    now += 499;
    expect(['a', 'enter', 'y', 'q'].map((key) => made.press(key))).toEqual([null, null, null, null]);
    now += 1;
    expect(made.press('q')).toEqual({ do: 'quit' });
  });

  test.each(['enter', 'y'])('a yes takes a and %s', (key) => {
    const { press } = board(true);
    expect(press('a')).toBeNull();
    expect(press(key)).toEqual({ do: 'approve', id: id(1), grant: 'once' });
  });

  test('any other key behind it is a no', () => {
    const { press } = board(true);
    expect(press('a', 'n')).toBeNull();
    expect(press('enter')).toBeNull();
  });
});

describe('keys', () => {
  test.each([
    ['a', ['a']],
    ['\x1b[A\x1b[B\x1bOA', ['up', 'down', 'up']],
    ['\x1b', ['escape']],
    ['ä\r', ['ä', 'enter']],
    ['\x1b[200~', []],
    ['\x03', ['ctrl+c']],
    ['\x01', []],
  ])('%j', (text, keys) => {
    expect(readKeys(text)).toEqual(keys);
  });
});
