import { z } from 'zod';
export declare const sessionIdSchema: z.ZodUUID;
/**
 * starting: the pane is being made, or the agent has not shown its prompt yet. running: see `activity`.
 * needs_permission: a tool call waits for a person. needs_input: a question or dialog does.
 * stopped: ended as asked, or with exit code 0. crashed: ended in any other way.
 */
export declare const sessionStatuses: readonly ['starting', 'running', 'needs_permission', 'needs_input', 'stopped', 'crashed'];
export declare const sessionStatusSchema: z.ZodEnum<{
    crashed: "crashed";
    needs_input: "needs_input";
    needs_permission: "needs_permission";
    running: "running";
    starting: "starting";
    stopped: "stopped";
}>;
export type SessionStatus = z.infer<typeof sessionStatusSchema>;
/** Whether a session in this state still has a program in its pane. */
export declare function isLive(status: SessionStatus): boolean;
export declare const activitySchema: z.ZodEnum<{
    busy: "busy";
    idle: "idle";
}>;
export type Activity = z.infer<typeof activitySchema>;
/** Where a state change was seen, best source first named. */
export declare const evidenceSourceSchema: z.ZodEnum<{
    daemon: "daemon";
    exit: "exit";
    hook: "hook";
    registry: "registry";
    screen: "screen";
    title: "title";
    tmux: "tmux";
    transcript: "transcript";
    user: "user";
}>;
export type EvidenceSource = z.infer<typeof evidenceSourceSchema>;
export declare const evidenceSchema: z.ZodObject<{
    source: z.ZodEnum<{
        daemon: "daemon";
        exit: "exit";
        hook: "hook";
        registry: "registry";
        screen: "screen";
        title: "title";
        tmux: "tmux";
        transcript: "transcript";
        user: "user";
    }>;
    detail: z.ZodString;
}, z.core.$strip>;
export type Evidence = z.infer<typeof evidenceSchema>;
export declare const billingModeSchema: z.ZodEnum<{
    api: "api";
    subscription: "subscription";
}>;
export type BillingMode = z.infer<typeof billingModeSchema>;
export declare const sessionSchema: z.ZodObject<{
    id: z.ZodUUID;
    name: z.ZodNullable<z.ZodString>;
    provider: z.ZodEnum<{
        "claude-code": "claude-code";
        codex: "codex";
        shell: "shell";
    }>;
    cwd: z.ZodString;
    status: z.ZodEnum<{
        crashed: "crashed";
        needs_input: "needs_input";
        needs_permission: "needs_permission";
        running: "running";
        starting: "starting";
        stopped: "stopped";
    }>;
    activity: z.ZodNullable<z.ZodEnum<{
        busy: "busy";
        idle: "idle";
    }>>;
    evidence: z.ZodObject<{
        source: z.ZodEnum<{
            daemon: "daemon";
            exit: "exit";
            hook: "hook";
            registry: "registry";
            screen: "screen";
            title: "title";
            tmux: "tmux";
            transcript: "transcript";
            user: "user";
        }>;
        detail: z.ZodString;
    }, z.core.$strip>;
    model: z.ZodNullable<z.ZodString>;
    createdAt: z.ZodISODateTime;
    updatedAt: z.ZodISODateTime;
    endedAt: z.ZodNullable<z.ZodISODateTime>;
    pid: z.ZodNullable<z.ZodNumber>;
    exitCode: z.ZodNullable<z.ZodNumber>;
    signal: z.ZodNullable<z.ZodString>;
    ptyCols: z.ZodNumber;
    ptyRows: z.ZodNumber;
    transcriptPath: z.ZodNullable<z.ZodString>;
    queued: z.ZodNumber;
    attachCommand: z.ZodNullable<z.ZodString>;
    metadata: z.ZodObject<{
        launch: z.ZodObject<{
            args: z.ZodArray<z.ZodString>;
            billingMode: z.ZodEnum<{
                api: "api";
                subscription: "subscription";
            }>;
            envKeys: z.ZodArray<z.ZodString>;
        }, z.core.$strip>;
        providerSession: z.ZodObject<{
            id: z.ZodNullable<z.ZodString>;
            mode: z.ZodEnum<{
                fork: "fork";
                new: "new";
                resume: "resume";
            }>;
            source: z.ZodNullable<z.ZodEnum<{
                agent: "agent";
                codepiper: "codepiper";
                "user-supplied": "user-supplied";
            }>>;
            forkedFrom: z.ZodNullable<z.ZodString>;
        }, z.core.$strip>;
        security: z.ZodObject<{
            dangerousMode: z.ZodBoolean;
        }, z.core.$strip>;
        ui: z.ZodObject<{
            customName: z.ZodNullable<z.ZodString>;
        }, z.core.$strip>;
    }, z.core.$strip>;
}, z.core.$strip>;
export type Session = z.infer<typeof sessionSchema>;
export declare const sessionNameSchema: z.ZodString;
/** Environment of a session: names like a shell's, values without NUL. */
export declare const envSchema: z.ZodRecord<z.ZodString, z.ZodString>;
export declare const columnsSchema: z.ZodNumber;
export declare const rowsSchema: z.ZodNumber;
export declare const cwdSchema: z.ZodString;
declare const modelSchema: z.ZodString;
/** A provider's own conversation id, as it is passed on the agent's command line. */
export declare const conversationIdSchema: z.ZodString;
export declare const maxPromptBytes = 1048576;
export declare const promptSchema: z.ZodString;
export declare const createSessionSchema: z.ZodObject<{
    provider: z.ZodString;
    cwd: z.ZodString;
    name: z.ZodOptional<z.ZodString>;
    model: z.ZodOptional<z.ZodString>;
    args: z.ZodDefault<z.ZodArray<z.ZodString>>;
    env: z.ZodDefault<z.ZodRecord<z.ZodString, z.ZodString>>;
    billingMode: z.ZodDefault<z.ZodEnum<{
        api: "api";
        subscription: "subscription";
    }>>;
    dangerousMode: z.ZodDefault<z.ZodBoolean>;
    trust: z.ZodDefault<z.ZodBoolean>;
    providerResume: z.ZodOptional<z.ZodObject<{
        providerSessionId: z.ZodString;
        mode: z.ZodDefault<z.ZodEnum<{
            fork: "fork";
            resume: "resume";
        }>>;
    }, z.core.$strict>>;
    prompt: z.ZodOptional<z.ZodString>;
    cols: z.ZodOptional<z.ZodNumber>;
    rows: z.ZodOptional<z.ZodNumber>;
}, z.core.$strict>;
export type CreateSession = z.infer<typeof createSessionSchema>;
export { modelSchema };
