import type { Command } from './command.ts';
import { clientOptions } from './options.ts';

export const authCommands: readonly Command[] = [
  {
    name: 'auth',
    group: 'Daemon',
    summary: 'The account of the dashboard: its password, second factor and devices',
    usage: [
      'auth status',
      'auth reset-password [--generate]',
      'auth reset-mfa [--yes]',
      'auth sessions',
      'auth revoke <device>…',
      'auth revoke-all',
    ],
    examples: [
      ['auth status', 'whether there is an account, and what guards it'],
      [
        'auth reset-password --generate',
        'a new password, printed once; makes the account where there is none',
      ],
      ['auth reset-password < password.txt', 'one of your own'],
      ['auth sessions', 'signed-in devices'],
      ['auth revoke 3f2a', 'sign one out'],
    ],
    notes: [
      'Works without the daemon too. A reset signs every device out; reset-mfa forgets authenticator, recovery codes and',
      'passkeys, and the next sign-in sets the second factor up anew.',
      '<device> is an id of `auth sessions`, or the unique beginning of one.',
    ],
    json: 'status: the account; sessions: an array of devices; reset-password: { password } (null for your own); reset-mfa: { success }; revoke: { id, revoked }; revoke-all: { revoked }',
    positionals: [
      {
        name: '<action>',
        complete: ['status', 'reset-password', 'reset-mfa', 'sessions', 'revoke', 'revoke-all'],
      },
      { name: '[device]', isOptional: true, isMany: true },
    ],
    options: {
      generate: { short: 'g', help: 'reset-password: make one, and print it' },
      yes: { short: 'y', help: 'reset-mfa: do not ask' },
      ...clientOptions,
    },
    load: () => import('./commands/auth.ts'),
  },
];
