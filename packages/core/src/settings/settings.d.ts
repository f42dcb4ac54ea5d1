import { z } from 'zod';
/**
 * Every setting of the daemon, once: its key in `config.yaml`, its variable, its flag, its values and default.
 * The reference page is generated from this table. Precedence: flag, environment, file, default.
 */
export interface Setting<S extends z.ZodType = z.ZodType> {
    readonly key: string;
    readonly env: string;
    /** Long flag of `codepiper daemon`, without dashes. */
    readonly flag?: string;
    /** Takes the value as written: text from flag or variable, YAML from the file. */
    readonly schema: S;
    /** Value when nobody says; null where it is computed from other settings. */
    readonly default: z.output<S> | null;
    /** What is allowed, in words, for errors and the reference. */
    readonly allowed: string;
    readonly description: string;
    readonly secret?: true;
}
export declare const settings: {
    readonly socket: Setting<z.ZodString>;
    readonly dbPath: Setting<z.ZodUnion<readonly [z.ZodLiteral<":memory:">, z.ZodString]>>;
    readonly maxSessions: Setting<z.ZodCoercedNumber<unknown>>;
    readonly tmuxSocket: Setting<z.ZodString>;
    readonly forwardSshAuthSock: Setting<z.ZodPipe<z.ZodUnion<readonly [z.ZodBoolean, z.ZodEnum<{
        0: "0";
        1: "1";
        false: "false";
        no: "no";
        off: "off";
        on: "on";
        true: "true";
        yes: "yes";
    }>]>, z.ZodTransform<boolean, "0" | "1" | "false" | "no" | "off" | "on" | "true" | "yes" | boolean>>>;
    readonly logLevel: Setting<z.ZodEnum<{
        debug: "debug";
        error: "error";
        fatal: "fatal";
        info: "info";
        silent: "silent";
        trace: "trace";
        warn: "warn";
    }>>;
    readonly logMaxBytes: Setting<z.ZodCoercedNumber<unknown>>;
    readonly httpPort: Setting<z.ZodCoercedNumber<unknown>>;
    readonly wsPort: Setting<z.ZodCoercedNumber<unknown>>;
    readonly allowedOrigins: Setting<z.ZodPipe<z.ZodUnion<readonly [z.ZodArray<z.ZodString>, z.ZodString]>, z.ZodTransform<string[], string | string[]>>>;
    readonly forceSecureCookies: Setting<z.ZodPipe<z.ZodUnion<readonly [z.ZodBoolean, z.ZodEnum<{
        0: "0";
        1: "1";
        false: "false";
        no: "no";
        off: "off";
        on: "on";
        true: "true";
        yes: "yes";
    }>]>, z.ZodTransform<boolean, "0" | "1" | "false" | "no" | "off" | "on" | "true" | "yes" | boolean>>>;
    readonly trustProxyHeaders: Setting<z.ZodPipe<z.ZodUnion<readonly [z.ZodBoolean, z.ZodEnum<{
        0: "0";
        1: "1";
        false: "false";
        no: "no";
        off: "off";
        on: "on";
        true: "true";
        yes: "yes";
    }>]>, z.ZodTransform<boolean, "0" | "1" | "false" | "no" | "off" | "on" | "true" | "yes" | boolean>>>;
    readonly mfaQrTimeoutMs: Setting<z.ZodCoercedNumber<unknown>>;
    readonly apiRateLimitMax: Setting<z.ZodCoercedNumber<unknown>>;
    readonly apiRateLimitWindowMs: Setting<z.ZodCoercedNumber<unknown>>;
    readonly pushEnabled: Setting<z.ZodPipe<z.ZodUnion<readonly [z.ZodBoolean, z.ZodEnum<{
        0: "0";
        1: "1";
        false: "false";
        no: "no";
        off: "off";
        on: "on";
        true: "true";
        yes: "yes";
    }>]>, z.ZodTransform<boolean, "0" | "1" | "false" | "no" | "off" | "on" | "true" | "yes" | boolean>>>;
    readonly pushPublicKey: Setting<z.ZodString>;
    readonly pushPrivateKey: Setting<z.ZodString>;
    readonly pushSubject: Setting<z.ZodString>;
};
export type SettingName = keyof typeof settings;
/** Values in force; those computed from others are null until the daemon computes them. */
export type SettingValues = {
    [Name in SettingName]: z.output<(typeof settings)[Name]['schema']> | null;
};
