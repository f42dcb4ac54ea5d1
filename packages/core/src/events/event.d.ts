import { z } from 'zod';
export declare const eventSources: readonly ['session', 'delivery', 'hook', 'daemon'];
export declare const eventSourceSchema: z.ZodEnum<{
    daemon: "daemon";
    delivery: "delivery";
    hook: "hook";
    session: "session";
}>;
export type EventSource = z.infer<typeof eventSourceSchema>;
/** One fact of the ledger. `id` is its place in the one monotone sequence. */
export declare const eventSchema: z.ZodObject<{
    id: z.ZodNumber;
    sessionId: z.ZodNullable<z.ZodString>;
    timestamp: z.ZodISODateTime;
    source: z.ZodEnum<{
        daemon: "daemon";
        delivery: "delivery";
        hook: "hook";
        session: "session";
    }>;
    type: z.ZodString;
    payload: z.ZodRecord<z.ZodString, z.ZodUnknown>;
}, z.core.$strip>;
export type LedgerEvent = z.infer<typeof eventSchema>;
