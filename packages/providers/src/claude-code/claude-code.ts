import type { Provider } from '../provider.ts';
import { answerHook, readHookedCall, toolCall } from './calls.ts';
import { readHook } from './hooks.ts';
import { input } from './input.ts';
import { plan } from './launch.ts';
import { registry } from './registry.ts';
import { readScreen } from './screen.ts';
import { readTranscriptLine } from './transcript.ts';
import { configFiles, isTrusted } from './trust.ts';

/** Claude Code, measured with version 2.1.329. */
export const claudeCode: Provider = {
  id: 'claude-code',
  label: 'Claude Code',
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
  binary: 'claude',
  npmPackage: '@anthropic-ai/claude-code',
  installHint: 'npm install -g @anthropic-ai/claude-code',
  input,
  // On SIGTERM it ends its turn, writes its transcript to the end, runs the SessionEnd hooks and exits with 143.
  stop: [
    { kind: 'signal', signal: 'SIGTERM', waitMs: 5000 },
    { kind: 'signal', signal: 'SIGTERM', waitMs: 3000 },
  ],
  // The keys, and what else moves the bill from the subscription to an API account.
  hasHostProfile: false,
  apiKeyVariables: [
    'ANTHROPIC_API_KEY',
    'ANTHROPIC_AUTH_TOKEN',
    'ANTHROPIC_FOUNDRY_API_KEY',
    'AWS_BEARER_TOKEN_BEDROCK',
    'CLAUDE_CODE_USE_BEDROCK',
    'CLAUDE_CODE_USE_VERTEX',
    'CLAUDE_CODE_USE_FOUNDRY',
  ],
  inheritedVariables: [
    'CLAUDE_CONFIG_DIR',
    'CLAUDE_CODE_OAUTH_TOKEN',
    'ANTHROPIC_BASE_URL',
    'ANTHROPIC_MODEL',
    'ANTHROPIC_SMALL_FAST_MODEL',
    'ANTHROPIC_DEFAULT_OPUS_MODEL',
    'ANTHROPIC_DEFAULT_SONNET_MODEL',
    'ANTHROPIC_DEFAULT_HAIKU_MODEL',
    'ANTHROPIC_CUSTOM_HEADERS',
    'CLAUDE_CODE_MAX_OUTPUT_TOKENS',
    'CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC',
    'CLAUDE_CODE_SHELL',
    'CLAUDE_CODE_TMPDIR',
    'CLAUDE_CODE_CLIENT_CERT',
    'CLAUDE_CODE_CLIENT_KEY',
    'CLAUDE_CODE_CLIENT_KEY_PASSPHRASE',
    'DISABLE_AUTOUPDATER',
    'DISABLE_TELEMETRY',
    'DISABLE_ERROR_REPORTING',
    'IS_SANDBOX',
    'HTTP_PROXY',
    'HTTPS_PROXY',
    'NO_PROXY',
    'http_proxy',
    'https_proxy',
    'no_proxy',
    'NODE_EXTRA_CA_CERTS',
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
  // The title says the same in every state when the program runs under tmux.
  readTitle: () => [],
  readScreen,
  readTranscriptLine,
  registry,
  readiness: 'registry',
  // `/model X` would save X as the person's default for every new session.
  modelSwitch: { kind: 'restart' },
};
