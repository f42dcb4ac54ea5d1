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
    expect(press('a')).toEqual({ do: 'approve', id: id(1) });
    expect(press('down', 's')).toEqual({ do: 'propose', id: id(2), grant: 'session' });
    expect(press('k', 'A')).toEqual({ do: 'propose', id: id(1), grant: 'always' });
    expect(press('d', 'n', 'o', 'x', 'backspace', 'enter')).toEqual({ do: 'deny', id: id(1), reason: 'no' });
    expect(press('q')).toEqual({ do: 'quit' });
  });

  test('a key meant for one that was settled answers no other', () => {
    const { made, press, view } = board();
    made.show([two]);
    expect(view()).toContain('1f1c2d3e is settled.');
    expect(press('a')).toBeNull();
    expect(press('j', 'a')).toEqual({ do: 'approve', id: id(2) });
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
    expect(press('a')).toEqual({ do: 'approve', id: id(2) });
  });

  test('shows all of one, and answers it there', () => {
    const { press, view } = board();
    press('enter');
    expect(view()).toContain('careful allows it');
    expect(press('a')).toEqual({ do: 'approve', id: id(1) });
  });

  test('asks question after question; a number is the proposed answer', () => {
    const { press, view } = board(false, [aQuestion({ id: id(1) })]);
    expect(press('a')).toBeNull();
    expect(view()).toContain('Which database?');
    expect(press('2', 'enter')).toBeNull();
    expect(press('s', 'o', 'enter')).toEqual({
      do: 'approve',
      id: id(1),
      answers: { 'Which database?': 'SQLite', 'Why?': 'so' },
    });
  });

  test.each([
    ['s', 'session', 'this session', 'enter'],
    ['A', 'always', 'every session', 'y'],
  ] as const)(
    '%s keeps a rule only after it was shown, and only when it allows the call',
    (key, grant, where, yes) => {
      const { made, press, view } = board();
      expect(press(key)).toEqual({ do: 'propose', id: id(1), grant });
      const rule = { action: 'allow' as const };
      const proposal = { rule, allowsThis: false, matches: ['git push'], nearMisses: ['git push -f'] };
      made.propose(id(1), grant, proposal);
      for (const text of ['{"action":"allow"}', '  git push', 'git push -f', `Keep it for ${where}?`]) {
        expect(view()).toContain(text);
      }
      expect(press(yes)).toBeNull();
      expect(press('e')).toEqual({ do: 'edit', id: id(1), grant, rule });
      made.propose(id(1), grant, { ...proposal, allowsThis: true });
      expect(press('x')).toBeNull();
      made.propose(id(1), grant, { ...proposal, allowsThis: true });
      expect(press(yes)).toEqual({ do: 'keep', id: id(1), grant, rule });
    },
  );

  test('a rule that arrives after its approval was settled is not asked about', () => {
    const { made, press } = board();
    made.show([two]);
    const proposal = { rule: { action: 'allow' as const }, allowsThis: true, matches: [], nearMisses: [] };
    made.propose(id(1), 'session', proposal);
    expect(press('enter')).toBeNull();
  });

  test('what is asked back is seen however much stands before it', () => {
    const { made } = board();
    const rule = { action: 'allow' as const, args: { command: 'x'.repeat(900) } };
    made.propose(id(1), 'session', {
      rule,
      allowsThis: true,
      matches: Array(40).fill('y'.repeat(300)),
      nearMisses: ['z'],
    });
    const lines = made.view(70, 12, { paint: (text) => text, now, userHome: '/' });
    expect(lines).toHaveLength(12);
    expect(lines.join('\n')).toContain('Keep it for this session?');
  });

  test('where no rule can be kept, s and A say so', () => {
    const { press, view } = board(false, [anApproval({ id: id(1), suggestion: null })]);
    expect(press('s')).toBeNull();
    expect(view()).toContain('No rule can be kept');
  });

  test('says why the chosen one is asked', () => {
    const verdict = { ...one.verdict, reason: 'pushing is for people' };
    const { press, view } = board(false, [one, { ...two, verdict }]);
    expect(view()).not.toContain('pushing is for people');
    press('j');
    expect(view()).toContain('why: pushing is for people');
  });

  test('notes go after a few seconds, and a lost daemon is forgotten when it answers', () => {
    const { made, view } = board();
    made.say('approved');
    made.break('The daemon is not running.');
    expect(view()).toContain('approved');
    now += 4_000;
    expect(view()).not.toContain('approved');
    expect(view()).toContain('The daemon is not running.');
    made.show([one, two]);
    expect(view()).not.toContain('The daemon is not running.');
  });

  test.each([
    [80, 24],
    [70, 17],
  ])('on %i columns and %i rows one sees every key, and the rule beside a long change', (columns, rows) => {
    const diff = Array.from({ length: 60 }, (_, n) => `+line ${n}`).join('\n');
    const { made, press } = board(false, [{ ...one, diff }]);
    const view = () => made.view(columns, rows, { paint: (text) => text, now, userHome: '/' }).join('\n');
    expect(view()).toContain('q quit');
    press('enter');
    expect(view().replaceAll('\n', '')).toMatch(/why .*a rule that would allow it.*"git push"\}\}/);
    expect(view()).toContain('q quit');
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
  test('what there is no room for is said to be there before it is approved', () => {
    const command = Array.from({ length: 60 }, (_, line) => (line === 50 ? 'rm -rf ~' : `echo ${line}`)).join(
      '\n',
    );
    const long = anApproval({ id: id(1), input: { command }, diff: null });
    const { press, view } = board(true, [long]);
    press('a');
    expect(view()).not.toContain('rm -rf ~');
    expect(view()).toMatch(/… \d+ more lines; Esc, then Enter shows them\n+Approve this call\?/);
  });

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
    expect(press(key)).toEqual({ do: 'approve', id: id(1) });
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
