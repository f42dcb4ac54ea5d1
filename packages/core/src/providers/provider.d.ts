import { z } from 'zod';
export declare const providerIds: readonly ['claude-code', 'codex', 'shell'];
export declare const providerIdSchema: z.ZodEnum<{
    "claude-code": "claude-code";
    codex: "codex";
    shell: "shell";
}>;
export type ProviderId = z.infer<typeof providerIdSchema>;
/** Other names people type for a provider. */
export declare const providerAliases: Readonly<Record<string, ProviderId>>;
/** The provider of an id or alias; undefined when there is none. */
export declare function resolveProviderId(name: string): ProviderId | undefined;
/** What a provider can do, as data; clients show or hide features by it. */
export declare const capabilitiesSchema: z.ZodObject<{
    runtime: z.ZodLiteral<"tmux">;
    nativeHooks: z.ZodBoolean;
    supportsDangerousMode: z.ZodBoolean;
    supportsModelSwitch: z.ZodBoolean;
    supportsResume: z.ZodBoolean;
    supportsFork: z.ZodBoolean;
    supportsTranscriptTailing: z.ZodBoolean;
    supportsTmuxAdoption: z.ZodBoolean;
    supportsSlashCommands: z.ZodBoolean;
    policyChannel: z.ZodEnum<{
        "input-preflight": "input-preflight";
        "native-hooks": "native-hooks";
        none: "none";
    }>;
    metricsChannel: z.ZodEnum<{
        none: "none";
        transcript: "transcript";
    }>;
    deliveryProof: z.ZodEnum<{
        echo: "echo";
        hook: "hook";
    }>;
    billingModes: z.ZodArray<z.ZodEnum<{
        api: "api";
        subscription: "subscription";
    }>>;
}, z.core.$strip>;
export type Capabilities = z.infer<typeof capabilitiesSchema>;
export declare const providerInfoSchema: z.ZodObject<{
    id: z.ZodEnum<{
        "claude-code": "claude-code";
        codex: "codex";
        shell: "shell";
    }>;
    label: z.ZodString;
    aliases: z.ZodArray<z.ZodString>;
    capabilities: z.ZodObject<{
        runtime: z.ZodLiteral<"tmux">;
        nativeHooks: z.ZodBoolean;
        supportsDangerousMode: z.ZodBoolean;
        supportsModelSwitch: z.ZodBoolean;
        supportsResume: z.ZodBoolean;
        supportsFork: z.ZodBoolean;
        supportsTranscriptTailing: z.ZodBoolean;
        supportsTmuxAdoption: z.ZodBoolean;
        supportsSlashCommands: z.ZodBoolean;
        policyChannel: z.ZodEnum<{
            "input-preflight": "input-preflight";
            "native-hooks": "native-hooks";
            none: "none";
        }>;
        metricsChannel: z.ZodEnum<{
            none: "none";
            transcript: "transcript";
        }>;
        deliveryProof: z.ZodEnum<{
            echo: "echo";
            hook: "hook";
        }>;
        billingModes: z.ZodArray<z.ZodEnum<{
            api: "api";
            subscription: "subscription";
        }>>;
    }, z.core.$strip>;
    installed: z.ZodBoolean;
    path: z.ZodNullable<z.ZodString>;
    version: z.ZodNullable<z.ZodString>;
    installHint: z.ZodNullable<z.ZodString>;
}, z.core.$strip>;
export type ProviderInfo = z.infer<typeof providerInfoSchema>;
