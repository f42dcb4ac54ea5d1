import { z } from 'zod';
import { defineEndpoint } from '../endpoint.ts';
import {
  accountSchema,
  claimedPasswordSchema,
  newPasswordSchema,
  passkeySchema,
  recoveryCodeSchema,
  totpCodeSchema,
  webSessionSchema,
  webStageSchema,
} from './auth.ts';

const success = z.object({ success: z.literal(true) });
/** The half of a web session that the page keeps: sent as `X-CodePiper-Key`. The other half is the cookie. */
const key = z.string();
const wrong = ['credentials_wrong', 'too_many_attempts'] as const;
/** Options and answers of WebAuthn, as the browser's own functions take and give them. */
const webAuthnOptions = z.record(z.string(), z.unknown());
const webAuthnResponse = z.looseObject({
  id: z.string().min(1).max(2000),
  rawId: z.string().max(2000),
  type: z.literal('public-key'),
  response: z.record(z.string(), z.unknown()),
  clientExtensionResults: z.record(z.string(), z.unknown()).default({}),
});
const passkeyId = z.object({ id: z.string().min(1).max(2000) });

export const authEndpoints = {
  authStatus: defineEndpoint({
    method: 'GET',
    path: '/auth/status',
    summary: 'How far this browser has got. Answers whoever asks.',
    web: 'public',
    reply: z.object({
      state: webStageSchema,
      /** There is no account yet: `codepiper auth reset-password --generate` makes it. */
      setupRequired: z.boolean(),
      /** The second factor is not proved yet: the next step is `POST /auth/mfa/setup`. */
      mfaSetupRequired: z.boolean(),
      hasPasskeys: z.boolean(),
    }),
  }),
  logIn: defineEndpoint({
    method: 'POST',
    path: '/auth/login',
    summary: 'The first step of signing in; with a code, both steps at once. Sets the cookie.',
    web: 'public',
    body: z.strictObject({ password: claimedPasswordSchema, totpCode: totpCodeSchema.optional() }),
    reply: z.object({ state: webStageSchema, mfaSetupRequired: z.boolean(), key }),
    errors: wrong,
  }),
  setUpMfa: defineEndpoint({
    method: 'POST',
    path: '/auth/mfa/setup',
    summary: 'The secret for an authenticator, while there is none yet. The same one until it is proved.',
    web: 'pending',
    reply: z.object({ secret: z.string(), otpauthUri: z.string(), qrSvg: z.string() }),
    errors: ['forbidden'],
  }),
  verifyMfa: defineEndpoint({
    method: 'POST',
    path: '/auth/mfa/verify',
    summary: 'The second step of signing in: a code of the authenticator, or a recovery code. A new cookie.',
    web: 'pending',
    body: z
      .strictObject({ totpCode: totpCodeSchema.optional(), recoveryCode: recoveryCodeSchema.optional() })
      .refine((body) => (body.totpCode === undefined) !== (body.recoveryCode === undefined), {
        message: 'give totpCode or recoveryCode, one of them',
      }),
    reply: z.object({
      state: webStageSchema,
      key,
      /** Shown once, when the second factor is proved for the first time. */
      recoveryCodes: z.array(z.string()).nullable(),
      recoveryCodesLeft: z.number().int(),
    }),
    errors: wrong,
  }),
  passkeyLogInOptions: defineEndpoint({
    method: 'POST',
    path: '/auth/passkeys/login/options',
    summary: 'What the browser needs to ask for a passkey.',
    web: 'public',
    reply: z.object({ options: webAuthnOptions }),
    errors: ['unsupported'],
  }),
  passkeyLogIn: defineEndpoint({
    method: 'POST',
    path: '/auth/passkeys/login',
    summary: 'Sign in with a passkey, in one step. Sets the cookie.',
    web: 'public',
    body: z.strictObject({ response: webAuthnResponse }),
    reply: z.object({ state: webStageSchema, key }),
    errors: ['credentials_wrong', 'unsupported'],
  }),
  logOut: defineEndpoint({
    method: 'POST',
    path: '/auth/logout',
    summary: 'Sign this browser out.',
    web: 'pending',
    reply: success,
  }),
  reauthenticationOptions: defineEndpoint({
    method: 'POST',
    path: '/auth/reauthenticate/options',
    summary: 'What the browser needs to ask for a passkey, to prove again who is there.',
    reply: z.object({ options: webAuthnOptions }),
    errors: ['unsupported'],
  }),
  reauthenticate: defineEndpoint({
    method: 'POST',
    path: '/auth/reauthenticate',
    summary: 'Prove again who is there, for what is dangerous: holds for ten minutes.',
    body: z
      .strictObject({ totpCode: totpCodeSchema.optional(), response: webAuthnResponse.optional() })
      .refine((body) => (body.totpCode === undefined) !== (body.response === undefined), {
        message: 'give totpCode or the response of a passkey, one of them',
      }),
    reply: z.object({ until: z.iso.datetime() }),
    errors: wrong,
  }),
  getAccount: defineEndpoint({
    method: 'GET',
    path: '/auth/account',
    summary: "The owner's account, without secrets.",
    personal: true,
    reply: z.object({ account: accountSchema }),
  }),
  changePassword: defineEndpoint({
    method: 'POST',
    path: '/auth/password',
    summary: 'Change the password. Other devices are signed out, this one gets a new cookie.',
    body: z.strictObject({ currentPassword: claimedPasswordSchema, newPassword: newPasswordSchema }),
    reply: z.object({ key }),
    errors: wrong,
  }),
  renewRecoveryCodes: defineEndpoint({
    method: 'POST',
    path: '/auth/recovery-codes',
    summary: 'New recovery codes; the old ones count no more.',
    recent: true,
    reply: z.object({ recoveryCodes: z.array(z.string()) }),
  }),
  listPasskeys: defineEndpoint({
    method: 'GET',
    path: '/auth/passkeys',
    summary: "The owner's passkeys.",
    personal: true,
    reply: z.object({ passkeys: z.array(passkeySchema) }),
  }),
  passkeyOptions: defineEndpoint({
    method: 'POST',
    path: '/auth/passkeys/options',
    summary: 'What the browser needs to make a passkey.',
    recent: true,
    reply: z.object({ options: webAuthnOptions }),
    errors: ['unsupported'],
  }),
  addPasskey: defineEndpoint({
    method: 'POST',
    path: '/auth/passkeys',
    summary: 'Keep a passkey that the browser has made.',
    recent: true,
    body: z.strictObject({ name: z.string().trim().min(1).max(80), response: webAuthnResponse }),
    reply: z.object({ passkey: passkeySchema }),
    status: 201,
    errors: ['credentials_wrong', 'unsupported'],
  }),
  removePasskey: defineEndpoint({
    method: 'DELETE',
    path: '/auth/passkeys/:id',
    summary: 'Forget a passkey.',
    recent: true,
    personal: true,
    params: passkeyId,
    reply: success,
    errors: ['passkey_not_found'],
  }),
  listWebSessions: defineEndpoint({
    method: 'GET',
    path: '/auth/sessions',
    summary: 'Signed-in devices, the last used first.',
    personal: true,
    reply: z.object({ sessions: z.array(webSessionSchema) }),
  }),
  revokeWebSession: defineEndpoint({
    method: 'DELETE',
    path: '/auth/sessions/:id',
    summary: 'Sign a device out. Its open streams end.',
    personal: true,
    params: z.object({ id: z.string().min(1).max(80) }),
    reply: success,
    errors: ['web_session_not_found'],
  }),
  revokeWebSessions: defineEndpoint({
    method: 'POST',
    path: '/auth/sessions/revoke-all',
    summary: 'Sign every device out, or every other one.',
    personal: true,
    body: z.strictObject({ keepCurrent: z.boolean().default(false) }),
    reply: z.object({ revoked: z.number().int() }),
  }),
  issueTicket: defineEndpoint({
    method: 'POST',
    path: '/auth/tickets',
    summary:
      'A ticket for one WebSocket: sent as the subprotocol `ticket.<ticket>`, behind `codepiper`, with the cookie.',
    reply: z.object({ ticket: z.string(), expiresAt: z.iso.datetime() }),
  }),
  bootstrapAccount: defineEndpoint({
    method: 'POST',
    path: '/auth/cli/bootstrap',
    summary: 'Make the account with a password of its own, where there is none yet.',
    web: 'never',
    personal: true,
    reply: z.object({
      /** Null when there is an account. It is stored as a hash and told this one time. */
      password: z.string().nullable(),
    }),
  }),
  resetPassword: defineEndpoint({
    method: 'POST',
    path: '/auth/cli/reset-password',
    summary: 'Set the password, or have one made. Every device is signed out, and no wait is left.',
    web: 'never',
    personal: true,
    body: z
      .strictObject({ password: newPasswordSchema.optional(), generate: z.boolean().default(false) })
      .refine((body) => (body.password !== undefined) !== body.generate, {
        message: 'give password, or generate: true',
      }),
    reply: z.object({
      /** The one that was made. */
      password: z.string().nullable(),
    }),
  }),
  resetMfa: defineEndpoint({
    method: 'POST',
    path: '/auth/cli/reset-mfa',
    summary: 'Forget authenticator, recovery codes and passkeys: the next sign-in begins anew.',
    web: 'never',
    personal: true,
    reply: success,
    errors: ['account_missing'],
  }),
} as const;
