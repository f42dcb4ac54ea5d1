import { hasOption, refuseOptions } from '../args.ts';
import { below } from '../paths.ts';
import type { Conversation, LaunchPlan, LaunchRequest } from '../provider.ts';
import { shellWord } from '../text.ts';
import { hookSettings } from './hooks.ts';
import { hasAutoModeChoice, hasDefaultMode, isKeyApproved, isTrusted } from './trust.ts';

const settingsName = 'claude-settings.json';
const keyName = 'anthropic-api-key';

/** What a session stands on, with the codepiper way to say it. */
const reserved: Record<string, string> = {
  '--session-id': 'Leave it out.',
  '--settings': 'Put these settings into .claude/settings.local.json of the directory.',
  '--resume': 'Use `--resume <id>` before the `--`.',
  '-r': 'Use `--resume <id>` before the `--`.',
  '--continue': 'Use `--resume <id>` before the `--`.',
  '-c': 'Use `--resume <id>` before the `--`.',
  '--fork-session': 'Use `--fork <id>` before the `--`.',
  '--bare': 'It runs no hooks, and rules and approvals stand on them.',
  '--safe-mode': 'It runs no hooks, and rules and approvals stand on them.',
  '--bg': 'It would run outside of its pane.',
  '--background': 'It would run outside of its pane.',
};

/**
 * How to start Claude Code so that no dialog stands before its prompt and its hooks report to the daemon, without a
 * change to the person's own configuration: what is ours is in one settings file of the session.
 * @throws CodepiperError `invalid_request` for an argument that is ours to give
 */
export function plan(request: LaunchRequest): LaunchPlan {
  refuseOptions('Claude Code', request.args, reserved);
  const { argv, id } = conversationArguments(request.conversation);
  const key = apiKey(request);
  const settings = {
    // A `true` of the person's or the project's settings would silence our hooks too.
    disableAllHooks: false,
    env: Object.fromEntries(hookless.map((name) => [name, '0'])),
    hooks: hookSettings(request),
    // Its dialogs in plan mode come with no hook, so that nobody could answer them from elsewhere.
    ...(hasAutoModeChoice(request.config, request.env) ? {} : { useAutoModeDuringPlan: false }),
    ...(request.dangerous ? { skipDangerousModePermissionPrompt: true } : {}),
    ...key.settings,
  };
  return {
    argv: [
      request.program,
      ...argv,
      '--settings',
      below(request.sessionDir, settingsName),
      ...permissionArguments(request),
      ...(request.model === null ? [] : ['--model', request.model]),
      ...request.args,
    ],
    env: { CLAUDECODE: null, ...withoutHookless(), ...trustEnvironment(request), ...key.env },
    files: [{ name: settingsName, content: `${JSON.stringify(settings, null, 2)}\n` }, ...key.files],
    conversationId: id,
  };
}

/** Modes of Claude that run no hook of ours, by environment or by the `env` of the person's settings. */
const hookless: readonly string[] = ['CLAUDE_CODE_SIMPLE', 'CLAUDE_CODE_SAFE_MODE'];

function withoutHookless(): Record<string, null> {
  return Object.fromEntries(hookless.map((name) => [name, null]));
}

function conversationArguments(conversation: Conversation | null): { argv: string[]; id: string | null } {
  switch (conversation?.mode) {
    case 'new':
      return { argv: ['--session-id', conversation.id], id: conversation.id };
    case 'resume':
      return { argv: ['--resume', conversation.id], id: conversation.id };
    case 'fork': {
      const { id, newId } = conversation;
      return { argv: ['--resume', id, '--fork-session', '--session-id', newId], id: newId };
    }
    case undefined:
      return { argv: [], id: null };
  }
}

/**
 * Where nobody chose a mode, `manual`: the built-in default is `auto`, which lets a classifier decide in the person's
 * place, and does not work at all behind another base URL.
 */
function permissionArguments(request: LaunchRequest): string[] {
  const { args, dangerous, config, env } = request;
  if (dangerous) {
    return hasOption(args, '--dangerously-skip-permissions') ? [] : ['--dangerously-skip-permissions'];
  }
  const isChosen =
    hasOption(args, '--permission-mode', '--dangerously-skip-permissions') || hasDefaultMode(config, env);
  return isChosen ? [] : ['--permission-mode', 'manual'];
}

/** Carries the person's trust to Claude for this session only: the variable skips its dialog and writes nothing. */
function trustEnvironment(request: LaunchRequest): Record<string, string> {
  const needed = request.trusted && !isTrusted(request.config, request.env, request);
  return needed ? { CLAUDE_CODE_SANDBOXED: '1' } : {};
}

/**
 * A key in the environment that Claude does not know yet would open a dialog whose default is No. Given by a
 * command there is none, and the key is in no environment and on no command line.
 */
function apiKey(request: LaunchRequest): {
  env: Record<string, null>;
  files: { name: string; content: string }[];
  settings: Record<string, string>;
} {
  const key = request.env.ANTHROPIC_API_KEY;
  if (!key || request.billing !== 'api' || isKeyApproved(request.config, request.env, key)) {
    return { env: {}, files: [], settings: {} };
  }
  return {
    env: { ANTHROPIC_API_KEY: null },
    files: [{ name: keyName, content: key }],
    settings: { apiKeyHelper: `cat ${shellWord(below(request.sessionDir, keyName))}` },
  };
}
