import type { Option, Positional } from './command.ts';

export const help: Option = { short: 'h', help: 'Show this help' };
const socket: Option = { short: 's', value: 'path', help: "The daemon's socket", complete: 'file' };
export const json: Option = { help: 'Print JSON' };
const longFormat: Option = {
  value: 'format',
  help: '`--format json` is --json',
  complete: ['table', 'json'],
};

/** Options of every command that prints a result without the daemon. */
export const localOptions = { json, format: longFormat, help };
/** Options of every command that asks the daemon. */
export const clientOptions = { ...localOptions, socket };
/** The same where `-f` means the format. */
export const listOptions = { ...clientOptions, format: { ...longFormat, short: 'f' } };

export const session: Positional = { name: '<session>', complete: 'session' };
export const sessions: Positional = { name: '<session>', complete: 'session', isMany: true };

export const providerNames = ['claude-code', 'codex', 'shell'] as const;
export const statusNames = [
  'starting',
  'running',
  'needs_permission',
  'needs_input',
  'stopped',
  'crashed',
] as const;

export const sessionNote = '<session> is an id, the unique beginning of one, or a name.';
