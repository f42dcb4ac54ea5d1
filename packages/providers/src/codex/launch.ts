import { hasOption, refuseOptions, reservedOption } from '../args.ts';
import type { Conversation, LaunchPlan, LaunchRequest } from '../provider.ts';
import { hookConfiguration } from './hooks.ts';
import { type TomlValue, tomlInline } from './toml.ts';
import { isTrusted } from './trust.ts';

const reserved: Record<string, string> = {
  '-C': 'Use `-d <directory>` before the `--`.',
  '--cd': 'Use `-d <directory>` before the `--`.',
  '--remote': 'A session runs its own Codex, not one of a server.',
};

/** Settings that carry what codepiper learns from Codex; a second value would replace ours. */
const reservedKeys = [
  'hooks',
  'features',
  'features.hooks',
  // Its earlier name.
  'features.codex_hooks',
  'features.unified_exec_tty',
  'tui.terminal_title',
  'tui.animations',
];

/**
 * How to start Codex in one process of the pane, with our hooks trusted and its state in the title; nothing is written
 * to the person's configuration, and sandbox and approvals stay as that configuration says.
 * @throws CodepiperError `invalid_request` for an argument that is ours to give
 */
export function plan(request: LaunchRequest): LaunchPlan {
  const { args, conversation, cwd, model } = request;
  refuseOptions('Codex', args, reserved);
  refuseOverrides(args);
  return {
    argv: [
      request.program,
      ...conversationArguments(conversation),
      // Without it turns run in one server for all of a person's sessions, and go on when the pane is gone.
      ...(hasOption(args, '--no-daemon') ? [] : ['--no-daemon']),
      '-C',
      cwd,
      // A second `-m` is an error, and the person's own arguments are the nearer ones.
      ...(model === null || hasOption(args, '-m', '--model') ? [] : ['-m', model]),
      ...dangerousArguments(request),
      ...hostArguments(request),
      ...Object.entries(overrides(request)).flatMap(([key, value]) => ['-c', `${key}=${tomlInline(value)}`]),
      ...args,
    ],
    env: {},
    files: [],
    conversationId: conversation?.mode === 'resume' ? conversation.id : null,
  };
}

function conversationArguments(conversation: Conversation | null): string[] {
  // Codex chooses the ids of new conversations itself.
  if (conversation === null || conversation.mode === 'new') return [];
  return [conversation.mode, conversation.id];
}

function dangerousArguments({ args, dangerous }: LaunchRequest): string[] {
  const flag = '--dangerously-bypass-approvals-and-sandbox';
  return dangerous && !hasOption(args, flag, '--yolo') ? [flag] : [];
}

/** The person's own arguments about sandbox and approvals are the nearer ones; Codex refuses a second value. */
function hostArguments({ args, dangerous, hostAccess }: LaunchRequest): string[] {
  const whole = ['--dangerously-bypass-approvals-and-sandbox', '--yolo', '--approve-for-me'];
  if (!hostAccess || dangerous || hasOption(args, ...whole)) return [];
  return [
    ...(hasOption(args, '-s', '--sandbox') ? [] : ['--sandbox', 'danger-full-access']),
    ...(hasOption(args, '-a', '--ask-for-approval') ? [] : ['--ask-for-approval', 'on-request']),
  ];
}

function overrides(request: LaunchRequest): Record<string, TomlValue> {
  const needsTrust = request.trusted && !isTrusted(request.config, request.env, request);
  return {
    // Its dialog's default is to update there and then.
    check_for_update_on_startup: false,
    // Otherwise the title turns a spinner ten times a second.
    'tui.animations': false,
    'tui.terminal_title': ['activity', 'run-state', 'thread-id', 'model'],
    'features.hooks': true,
    // Text typed into a running command passes every hook by.
    'features.unified_exec_tty': false,
    ...(needsTrust ? { projects: { [request.cwd]: { trust_level: 'trusted' } } } : {}),
    hooks: hookConfiguration(request),
  };
}

function refuseOverrides(args: readonly string[]): void {
  for (const [index, arg] of args.entries()) {
    if (arg === '--') return;
    const given = overrideIn(arg, args[index + 1]);
    const key = given?.key.replace(/["'\s]/g, '') ?? '';
    if (given && (reservedKeys.includes(key) || key.startsWith('hooks.'))) {
      throw reservedOption('Codex', given.name, "Put it into Codex's own config.toml.");
    }
  }
}

/** The setting an argument gives, and the argument as a person would name it. */
function overrideIn(arg: string, next = ''): { key: string; name: string } | null {
  const [option = '', value = next] = /^(--[a-z]+)=(.*)$/s.exec(arg)?.slice(1) ?? [arg];
  if (option === '--enable' || option === '--disable') {
    return { key: `features.${value}`, name: `${option} ${value}` };
  }
  const short = /^-c=?(.+)$/s.exec(option)?.[1];
  if (option !== '-c' && option !== '--config' && short === undefined) return null;
  const key = (short ?? value).split('=', 1)[0]?.trim() ?? '';
  return { key, name: `-c ${key}` };
}
