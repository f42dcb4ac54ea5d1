import { z } from 'zod';

export const providerIds = ['claude-code', 'codex', 'shell'] as const;
export const providerIdSchema = z.enum(providerIds);
export type ProviderId = z.infer<typeof providerIdSchema>;

/** Other names people type for a provider. */
export const providerAliases: Readonly<Record<string, ProviderId>> = { claude: 'claude-code', sh: 'shell' };

/** The provider of an id or alias; undefined when there is none. */
export function resolveProviderId(name: string): ProviderId | undefined {
  if (Object.hasOwn(providerAliases, name)) return providerAliases[name];
  return providerIds.find((id) => id === name);
}

/** The id of a provider, or another name people type for it. */
export const providerNameSchema = z
  .string()
  .max(80)
  .transform((name, context) => {
    const id = resolveProviderId(name);
    if (id !== undefined) return id;
    context.addIssue({
      code: 'custom',
      message: `there is no provider "${name}"; it must be ${providerIds.join(', ')}`,
    });
    return z.NEVER;
  });

/** What a provider can do, as data; clients show or hide features by it. */
export const capabilitiesSchema = z.object({
  runtime: z.literal('tmux'),
  nativeHooks: z.boolean(),
  supportsDangerousMode: z.boolean(),
  supportsModelSwitch: z.boolean(),
  supportsResume: z.boolean(),
  supportsFork: z.boolean(),
  supportsTranscriptTailing: z.boolean(),
  supportsTmuxAdoption: z.boolean(),
  supportsSlashCommands: z.boolean(),
  policyChannel: z.enum(['native-hooks', 'input-preflight', 'none']),
  metricsChannel: z.enum(['transcript', 'none']),
  /** What proves that a prompt arrived. */
  deliveryProof: z.enum(['hook', 'echo']),
  billingModes: z.array(z.enum(['subscription', 'api'])),
});
export type Capabilities = z.infer<typeof capabilitiesSchema>;

export const providerInfoSchema = z.object({
  id: providerIdSchema,
  label: z.string(),
  aliases: z.array(z.string()),
  capabilities: capabilitiesSchema,
  /** Whether the agent's program was found on the daemon's PATH; always true for `shell`. */
  installed: z.boolean(),
  path: z.string().nullable(),
  version: z.string().nullable(),
  installHint: z.string().nullable(),
});
export type ProviderInfo = z.infer<typeof providerInfoSchema>;
