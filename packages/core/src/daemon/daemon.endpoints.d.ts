import { z } from 'zod';
export declare const healthSchema: z.ZodObject<{
    status: z.ZodLiteral<"ok">;
    version: z.ZodString;
    pid: z.ZodNumber;
    home: z.ZodString;
    socket: z.ZodString;
    startedAt: z.ZodISODateTime;
    liveSessions: z.ZodNumber;
    tmux: z.ZodObject<{
        version: z.ZodNullable<z.ZodString>;
        socket: z.ZodString;
    }, z.core.$strip>;
}, z.core.$strip>;
export type Health = z.infer<typeof healthSchema>;
export declare const settingValueSchema: z.ZodObject<{
    key: z.ZodString;
    value: z.ZodUnknown;
    origin: z.ZodEnum<{
        default: "default";
        env: "env";
        file: "file";
        flag: "flag";
    }>;
    from: z.ZodNullable<z.ZodString>;
}, z.core.$strip>;
export declare const daemonEndpoints: {
    readonly health: {
        readonly method: "GET";
        readonly path: "/health";
        readonly summary: "Whether the daemon is well, and which one it is.";
        readonly reply: z.ZodObject<{
            status: z.ZodLiteral<"ok">;
            version: z.ZodString;
            pid: z.ZodNumber;
            home: z.ZodString;
            socket: z.ZodString;
            startedAt: z.ZodISODateTime;
            liveSessions: z.ZodNumber;
            tmux: z.ZodObject<{
                version: z.ZodNullable<z.ZodString>;
                socket: z.ZodString;
            }, z.core.$strip>;
        }, z.core.$strip>;
    };
    readonly version: {
        readonly method: "GET";
        readonly path: "/version";
        readonly summary: "Versions of the daemon and of its Node.";
        readonly reply: z.ZodObject<{
            version: z.ZodString;
            node: z.ZodString;
        }, z.core.$strip>;
    };
    readonly config: {
        readonly method: "GET";
        readonly path: "/config";
        readonly summary: "Settings in force and where each comes from; secrets are masked.";
        readonly reply: z.ZodObject<{
            settings: z.ZodArray<z.ZodObject<{
                key: z.ZodString;
                value: z.ZodUnknown;
                origin: z.ZodEnum<{
                    default: "default";
                    env: "env";
                    file: "file";
                    flag: "flag";
                }>;
                from: z.ZodNullable<z.ZodString>;
            }, z.core.$strip>>;
        }, z.core.$strip>;
    };
    readonly stopDaemon: {
        readonly method: "POST";
        readonly path: "/daemon/stop";
        readonly summary: "Stop the daemon. Sessions go on unless told otherwise.";
        readonly body: z.ZodObject<{
            killSessions: z.ZodDefault<z.ZodBoolean>;
        }, z.core.$strict>;
        readonly reply: z.ZodObject<{
            success: z.ZodLiteral<true>;
            liveSessions: z.ZodNumber;
        }, z.core.$strip>;
        readonly status: 202;
    };
};
