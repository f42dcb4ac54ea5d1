import { z } from 'zod';

/** Characters of a password: what a person may choose. */
export const passwordLength = { min: 8, max: 256 } as const;

export const newPasswordSchema = z
  .string()
  .min(passwordLength.min, `at least ${passwordLength.min} characters`)
  .max(passwordLength.max, `at most ${passwordLength.max} characters`);

/** What a person claims their password is: nothing is said about it before it is looked at. */
export const claimedPasswordSchema = z.string().min(1, 'is empty').max(passwordLength.max);

/** Six digits, as an authenticator shows them; spaces do not count. */
export const totpCodeSchema = z
  .string()
  .max(20)
  .transform((text) => text.replaceAll(/\s/g, ''))
  .pipe(z.string().regex(/^\d{6}$/, 'must be the six digits the authenticator shows'));

/** As it was shown, in any case; dashes and spaces do not count. */
export const recoveryCodeSchema = z
  .string()
  .max(60)
  .transform((text) => text.replaceAll(/[\s-]/g, '').toLowerCase())
  .pipe(z.string().regex(/^[a-z0-9]{16}$/, 'must be one of the recovery codes, 16 letters and digits'));

/** How far a browser has got: `password` has the second factor before it, `full` is signed in. */
export const webStageSchema = z.enum(['signed-out', 'password', 'full']);

/** How a device was signed in. */
export const signInMethodSchema = z.enum(['totp', 'recovery-code', 'passkey']);
export type SignInMethod = z.infer<typeof signInMethodSchema>;

/** One signed-in device. */
export const webSessionSchema = z.object({
  id: z.string(),
  /** What the browser calls itself, in words. */
  device: z.string(),
  /** Client address of its last request. */
  address: z.string(),
  method: signInMethodSchema,
  createdAt: z.iso.datetime(),
  lastSeenAt: z.iso.datetime(),
  /** When it ends if nobody uses it. */
  expiresAt: z.iso.datetime(),
  /** When it ends whatever happens. */
  endsAt: z.iso.datetime(),
  /** Whether it is the one that asks. */
  isCurrent: z.boolean(),
});
export type WebSessionInfo = z.infer<typeof webSessionSchema>;

export const passkeySchema = z.object({
  id: z.string(),
  name: z.string(),
  /** The host name it works on. */
  host: z.string(),
  createdAt: z.iso.datetime(),
  lastUsedAt: z.iso.datetime().nullable(),
});
export type PasskeyInfo = z.infer<typeof passkeySchema>;

/** The owner's account; without secrets. */
export const accountSchema = z.object({
  exists: z.boolean(),
  createdAt: z.iso.datetime().nullable(),
  passwordChangedAt: z.iso.datetime().nullable(),
  /** The password is one that codepiper made, and was not changed since. */
  isPasswordGenerated: z.boolean(),
  /** When the second factor was proved for the first time; null before. */
  mfaVerifiedAt: z.iso.datetime().nullable(),
  recoveryCodesLeft: z.number().int(),
  passkeys: z.number().int(),
  /** Signed-in devices. */
  sessions: z.number().int(),
});
export type Account = z.infer<typeof accountSchema>;
