import { z } from 'zod';
export declare const eventQuerySchema: z.ZodObject<{
    source: z.ZodOptional<z.ZodEnum<{
        daemon: "daemon";
        delivery: "delivery";
        hook: "hook";
        session: "session";
    }>>;
    type: z.ZodOptional<z.ZodString>;
    since: z.ZodOptional<z.ZodCoercedNumber<unknown>>;
    before: z.ZodOptional<z.ZodCoercedNumber<unknown>>;
    limit: z.ZodDefault<z.ZodCoercedNumber<unknown>>;
    order: z.ZodDefault<z.ZodEnum<{
        asc: "asc";
        desc: "desc";
    }>>;
}, z.core.$strict>;
export type EventQuery = z.infer<typeof eventQuerySchema>;
export declare const eventEndpoints: {
    readonly listSessionEvents: {
        readonly method: "GET";
        readonly path: "/sessions/:id/events";
        readonly summary: "Facts about one session from the ledger.";
        readonly params: z.ZodObject<{
            id: z.ZodString;
        }, z.core.$strict>;
        readonly query: z.ZodObject<{
            source: z.ZodOptional<z.ZodEnum<{
                daemon: "daemon";
                delivery: "delivery";
                hook: "hook";
                session: "session";
            }>>;
            type: z.ZodOptional<z.ZodString>;
            since: z.ZodOptional<z.ZodCoercedNumber<unknown>>;
            before: z.ZodOptional<z.ZodCoercedNumber<unknown>>;
            limit: z.ZodDefault<z.ZodCoercedNumber<unknown>>;
            order: z.ZodDefault<z.ZodEnum<{
                asc: "asc";
                desc: "desc";
            }>>;
        }, z.core.$strict>;
        readonly reply: z.ZodObject<{
            events: z.ZodArray<z.ZodObject<{
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
            }, z.core.$strip>>;
            hasMore: z.ZodBoolean;
        }, z.core.$strip>;
        readonly errors: readonly ["session_not_found", "session_ambiguous"];
    };
};
/**
 * Server-sent events; not an endpoint with one reply, so mounted by hand.
 * `/events/stream?session=<id>&since=<event id>`: ledger events as they happen, resumable by `Last-Event-ID`.
 * `/sessions/:id/output/stream`: text of the pane as it is printed, without control sequences.
 */
export declare const streamPaths: {
    readonly events: '/events/stream';
    readonly output: '/sessions/:id/output/stream';
};
