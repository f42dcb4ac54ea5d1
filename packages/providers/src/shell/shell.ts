import { CodepiperError } from '@codepiper/core/errors.ts';
import { callOfKind, isKind, toolCallOf } from '../calls.ts';
import { asText } from '../json.ts';
import type { LaunchPlan, LaunchRequest, Provider } from '../provider.ts';
import { isSamePrompt, pieces, shellWord, unixLines, withoutPasteEnd } from '../text.ts';

/** Name under which rules and the audit trail know what codepiper types into a program without hooks. */
export const terminalInput = 'terminal_input';

/** Any program: what it shows is text, and what proves that text arrived is its echo. */
export const shell: Provider = {
  id: 'shell',
  label: 'Shell',
  capabilities: {
    runtime: 'tmux',
    nativeHooks: false,
    supportsDangerousMode: false,
    supportsModelSwitch: false,
    supportsResume: false,
    supportsFork: false,
    supportsTranscriptTailing: false,
    supportsTmuxAdoption: true,
    supportsSlashCommands: false,
    policyChannel: 'input-preflight',
    metricsChannel: 'none',
    deliveryProof: 'echo',
    billingModes: ['subscription', 'api'],
  },
  binary: null,
  npmPackage: null,
  installHint: null,
  input: {
    bracketed: true,
    defuse: (text) => text,
    chunk: (text) =>
      pieces(withoutPasteEnd(unixLines(text)), Number.POSITIVE_INFINITY, Number.POSITIVE_INFINITY),
    mention: shellWord,
    settling: null,
    guards: [],
    matches: isSamePrompt,
    interrupt: ['C-c'],
  },
  // An interactive shell ignores SIGTERM and ends, with its jobs, when its terminal hangs up.
  stop: [
    { kind: 'signal', signal: 'SIGHUP', waitMs: 2000 },
    { kind: 'signal', signal: 'SIGTERM', waitMs: 3000 },
  ],
  hasHostProfile: false,
  apiKeyVariables: [],
  inheritedVariables: [],
  configFiles: () => [],
  isTrusted: () => true,
  plan,
  readHook: () => [],
  readHookedCall: () => null,
  answerHook: () => null,
  toolCall: (tool, input) =>
    isKind(tool)
      ? callOfKind(tool, input)
      : tool === terminalInput
        ? toolCallOf(tool, input, { kind: 'shell', command: asText(input.input) ?? asText(input.command) })
        : toolCallOf(tool, input, { kind: 'other' }),
  readTitle: () => [],
  readScreen: () => [],
  readTranscriptLine: () => [],
  registry: null,
  readiness: 'immediate',
  modelSwitch: { kind: 'none' },
};

function plan(request: LaunchRequest): LaunchPlan {
  if (request.model !== null) throw unsupported('has no models', '--model');
  if (request.dangerous) throw unsupported('asks for no permissions', '--dangerous');
  if (request.conversation !== null && request.conversation.mode !== 'new') {
    throw unsupported('keeps no conversation', `--${request.conversation.mode}`);
  }
  const argv = request.args.length > 0 ? [...request.args] : [request.program];
  return { argv, env: {}, files: [], conversationId: null };
}

function unsupported(why: string, option: string): CodepiperError {
  return new CodepiperError('unsupported', `The provider "shell" ${why}: leave ${option} out.`, { option });
}
