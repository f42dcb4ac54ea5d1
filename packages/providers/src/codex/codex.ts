import type { Provider } from '../provider.ts';
import { answerHook, readHookedCall, toolCall } from './calls.ts';
import { readHook } from './hooks.ts';
import { input } from './input.ts';
import { plan } from './launch.ts';
import { readScreen } from './screen.ts';
import { readTitle } from './title.ts';
import { readTranscriptLine } from './transcript.ts';
import { configFiles, isTrusted } from './trust.ts';

/** Codex CLI, measured with version 0.169.0. */
export const codex: Provider = {
  id: 'codex',
  label: 'Codex',
  capabilities: {
    runtime: 'tmux',
    nativeHooks: true,
    supportsDangerousMode: true,
    supportsModelSwitch: true,
    supportsResume: true,
    supportsFork: true,
    supportsTranscriptTailing: true,
    supportsTmuxAdoption: true,
    supportsSlashCommands: true,
    policyChannel: 'native-hooks',
    metricsChannel: 'transcript',
    deliveryProof: 'hook',
    billingModes: ['subscription', 'api'],
  },
  binary: 'codex',
  npmPackage: '@openai/codex',
  installHint: 'npm install -g @openai/codex',
  input,
  // Ctrl-C interrupts a turn, then clears a draft, then quits with the SessionEnd hooks; a signal quits without them.
  stop: [
    { kind: 'keys', keys: ['C-c'], waitMs: 700 },
    { kind: 'keys', keys: ['C-c'], waitMs: 700 },
    { kind: 'keys', keys: ['C-c'], waitMs: 1500 },
    { kind: 'signal', signal: 'SIGTERM', waitMs: 3000 },
  ],
  hasHostProfile: true,
  apiKeyVariables: ['OPENAI_API_KEY', 'CODEX_API_KEY'],
  inheritedVariables: [
    'CODEX_HOME',
    'OPENAI_BASE_URL',
    'OPENAI_ORGANIZATION',
    'OPENAI_PROJECT',
    'CODEX_CA_CERTIFICATE',
    'HTTP_PROXY',
    'HTTPS_PROXY',
    'ALL_PROXY',
    'NO_PROXY',
    'http_proxy',
    'https_proxy',
    'all_proxy',
    'no_proxy',
    'SSL_CERT_FILE',
    'SSL_CERT_DIR',
  ],
  configFiles,
  isTrusted,
  plan,
  readHook,
  readHookedCall,
  answerHook,
  toolCall,
  readTitle,
  readScreen,
  readTranscriptLine,
  registry: null,
  readiness: 'title',
  // Of this session only; the picker that opens without a name would write the person's configuration.
  modelSwitch: {
    kind: 'command',
    text: (model) => `/model ${model}`,
    confirms: (screen, model) => screen.includes(`Model changed to ${model}`),
  },
};
