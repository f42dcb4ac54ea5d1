import { expect, test } from 'vitest';
import { sessionNameSchema } from './session.ts';

test.each(['6f9619ff-8b86-4d01-b42d-00cf4fc964ff', ' 6F9619FF-8B86-4D01-B42D-00CF4FC964FF '])(
  'the name %j would be taken for an id',
  (name) => {
    const problems = sessionNameSchema.safeParse(name).error?.issues.map(({ message }) => message);
    expect(problems).toEqual(['a name must not look like a session id']);
  },
);

test.each(['review', '6f9619ff', 'fix-6f9619ff-8b86-4d01-b42d-00cf4fc964ff'])('%j is a name', (name) => {
  expect(sessionNameSchema.parse(name)).toBe(name);
});
