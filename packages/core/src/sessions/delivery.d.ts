import { z } from 'zod';
/**
 * queued: waits until the agent is ready. typed: in the pane, not yet proven. delivered: proven by evidence.
 * failed: will not be typed (see `error`), or was typed and never proven.
 */
export declare const deliveryStatusSchema: z.ZodEnum<{
    cancelled: "cancelled";
    delivered: "delivered";
    failed: "failed";
    queued: "queued";
    typed: "typed";
}>;
export type DeliveryStatus = z.infer<typeof deliveryStatusSchema>;
/** prompt: text for the agent. command: one of the agent's own slash commands. draft: text without Enter. */
export declare const deliveryKindSchema: z.ZodEnum<{
    command: "command";
    draft: "draft";
    prompt: "prompt";
}>;
export type DeliveryKind = z.infer<typeof deliveryKindSchema>;
export declare const deliverySchema: z.ZodObject<{
    id: z.ZodUUID;
    sessionId: z.ZodUUID;
    kind: z.ZodEnum<{
        command: "command";
        draft: "draft";
        prompt: "prompt";
    }>;
    status: z.ZodEnum<{
        cancelled: "cancelled";
        delivered: "delivered";
        failed: "failed";
        queued: "queued";
        typed: "typed";
    }>;
    preview: z.ZodString;
    bytes: z.ZodNumber;
    idempotencyKey: z.ZodNullable<z.ZodString>;
    createdAt: z.ZodISODateTime;
    typedAt: z.ZodNullable<z.ZodISODateTime>;
    settledAt: z.ZodNullable<z.ZodISODateTime>;
    evidence: z.ZodNullable<z.ZodObject<{
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
    }, z.core.$strip>>;
    error: z.ZodNullable<z.ZodString>;
}, z.core.$strip>;
export type Delivery = z.infer<typeof deliverySchema>;
/** What `send` answers: accepted = queued or typed, proof still to come; timed_out = typed, no proof in time. */
export declare const sendOutcomeSchema: z.ZodEnum<{
    accepted: "accepted";
    delivered: "delivered";
    failed: "failed";
    timed_out: "timed_out";
}>;
export type SendOutcome = z.infer<typeof sendOutcomeSchema>;
export declare const sendSchema: z.ZodObject<{
    text: z.ZodString;
    newline: z.ZodDefault<z.ZodBoolean>;
    idempotencyKey: z.ZodOptional<z.ZodString>;
    waitMs: z.ZodDefault<z.ZodNumber>;
}, z.core.$strict>;
export type Send = z.infer<typeof sendSchema>;
