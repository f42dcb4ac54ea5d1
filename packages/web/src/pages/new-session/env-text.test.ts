import { describe, expect, it } from 'vitest';
import { addRows, readEnvText } from './env-text.ts';

describe('pasted variables', () => {
  it.each([
    [
      'A=1\nB=two words',
      [
        ['A', '1'],
        ['B', 'two words'],
      ],
    ],
    [
      '# a comment\n\nexport TOKEN="a=b"\r\nEMPTY=\n',
      [
        ['TOKEN', 'a=b'],
        ['EMPTY', ''],
      ],
    ],
    ["Q='it''s'", [['Q', "it''s"]]],
    ['sk-abcdef', null],
    ['A=1\nnot a variable', null],
    ['', null],
  ])('%j', (text, rows) => {
    expect(readEnvText(text)?.map(({ key, value }) => [key, value]) ?? null).toEqual(rows);
  });

  it('fills empty rows, and changes those of the same name in their place', () => {
    const rows = addRows(
      [
        { id: '1', key: 'A', value: 'old' },
        { id: '2', key: '', value: '' },
      ],
      [
        { key: 'B', value: '2' },
        { key: 'A', value: 'new' },
      ],
    );
    expect(rows.map(({ key, value }) => [key, value])).toEqual([
      ['A', 'new'],
      ['B', '2'],
    ]);
    expect(rows[0]?.id).toBe('1');
  });
});
