import type { authEndpoints } from '@codepiper/core/auth/auth.endpoints.ts';
import { CodepiperError } from '@codepiper/core/errors.ts';
import type { HandlerContext, Handlers } from '../http/mount.ts';
import type { WebExchange, WebSession } from '../http/web.ts';
import type { AuthRoom } from './auth.ts';
import type { SignedIn, Visitor } from './web-sessions.ts';
import { cookieAge } from './web-sessions.ts';

/** Endpoints about signing in, the account and its devices. */
export function authHandlers(room: AuthRoom): Handlers<typeof authEndpoints> {
  const { account, signIn, passkeys, sessions } = room;
  const done = { success: true } as const;
  return {
    authStatus: async (_input, _caller, { web }) => ({
      ...(await account.outline()),
      state: web?.session?.stage ?? 'signed-out',
    }),
    logIn: async ({ body }, _caller, context) => {
      const web = browser(context);
      const { pending, mfaSetupRequired } = await signIn.logIn(visitorOf(web), body.password);
      if (body.totpCode === undefined) {
        web.setCookie('session', pending.token, cookieAge.pending);
        return { state: 'password' as const, mfaSetupRequired, key: pending.key };
      }
      const session: WebSession = { id: pending.id, stage: 'password', isRecent: false };
      const verified = await signIn.verify({ ...visitorOf(web), session }, { totpCode: body.totpCode });
      welcome(web, verified);
      return { state: 'full' as const, mfaSetupRequired: false, key: verified.key };
    },
    setUpMfa: async (_input, _caller, context) => signIn.setUpMfa(sessionOf(browser(context)).id),
    verifyMfa: async ({ body: { totpCode, recoveryCode } }, _caller, context) => {
      const web = browser(context);
      const code = totpCode === undefined ? { recoveryCode: recoveryCode ?? '' } : { totpCode };
      const verified = await signIn.verify(visitorOf(web), code);
      welcome(web, verified);
      const { key, recoveryCodes, recoveryCodesLeft } = verified;
      return { state: 'full' as const, key, recoveryCodes, recoveryCodesLeft };
    },
    passkeyLogInOptions: async (_input, _caller, context) => ({
      options: await passkeys.logInOptions(browser(context)),
    }),
    passkeyLogIn: async ({ body }, _caller, context) => {
      const web = browser(context);
      const opened = await passkeys.logIn(web, visitorOf(web), body.response);
      welcome(web, opened);
      return { state: 'full' as const, key: opened.key };
    },
    logOut: async (_input, _caller, context) => {
      const web = browser(context);
      await sessions.revoke(sessionOf(web).id, 'signed_out');
      web.setCookie('session', null, 0);
      return done;
    },
    reauthenticationOptions: async (_input, _caller, context) => {
      const web = browser(context);
      return { options: await passkeys.reauthenticationOptions(web, sessionOf(web).id) };
    },
    reauthenticate: async ({ body }, _caller, context) => {
      const web = browser(context);
      const until =
        body.response === undefined
          ? await signIn.reauthenticate(visitorOf(web), body.totpCode ?? '')
          : await passkeys.reauthenticate(web, sessionOf(web).id, body.response);
      return { until: new Date(until).toISOString() };
    },
    getAccount: async () => ({ account: await account.describe() }),
    changePassword: async ({ body }, _caller, context) => {
      const web = browser(context);
      const renewed = await account.changePassword(visitorOf(web), body.currentPassword, body.newPassword);
      web.setCookie('session', renewed.token, cookieAge.session);
      return { key: renewed.key };
    },
    renewRecoveryCodes: async (_input, _caller, context) => {
      browser(context);
      return { recoveryCodes: await signIn.renewRecoveryCodes() };
    },
    listPasskeys: async () => ({ passkeys: await passkeys.list() }),
    passkeyOptions: async (_input, _caller, context) => {
      const web = browser(context);
      return { options: await passkeys.newOptions(web, sessionOf(web).id) };
    },
    addPasskey: async ({ body }, _caller, context) => {
      const web = browser(context);
      return { passkey: await passkeys.add(web, sessionOf(web).id, body.name, body.response) };
    },
    removePasskey: async ({ params }) => {
      await passkeys.remove(params.id);
      return done;
    },
    listWebSessions: async (_input, _caller, { web }) => ({
      sessions: await sessions.list(web?.session?.id ?? null),
    }),
    revokeWebSession: async ({ params }, _caller, { web }) => {
      await sessions.revoke(params.id, 'revoked');
      if (web?.session?.id === params.id) web.setCookie('session', null, 0);
      return done;
    },
    revokeWebSessions: async ({ body }, _caller, { web }) => {
      const current = body.keepCurrent ? (web?.session?.id ?? null) : null;
      const revoked = await sessions.revokeAll(current);
      if (current === null) web?.setCookie('session', null, 0);
      return { revoked };
    },
    issueTicket: async (_input, _caller, context) => {
      const { ticket, expiresAt } = sessions.issueTicket(sessionOf(browser(context)).id);
      return { ticket, expiresAt: new Date(expiresAt).toISOString() };
    },
    bootstrapAccount: async () => ({ password: await account.bootstrap() }),
    resetPassword: async ({ body }) => {
      const password = await account.resetPassword(body.password ?? null);
      return { password: body.generate ? password : null };
    },
    resetMfa: async () => {
      await account.resetMfa();
      return done;
    },
  };
}

/** @throws CodepiperError `unsupported` on the Unix socket */
function browser({ web }: HandlerContext): WebExchange {
  if (web) return web;
  throw new CodepiperError(
    'unsupported',
    'This is for browsers, and this is the Unix socket: whoever reaches it need not sign in.',
  );
}

/** The guard lets nobody pass without one. */
function sessionOf({ session }: WebExchange): WebSession {
  if (session) return session;
  throw new CodepiperError('sign_in_required', 'Sign in first.', { state: 'signed-out' });
}

function visitorOf(web: WebExchange): Visitor {
  const { address, device, session } = web;
  return { address, device, session, deviceToken: web.cookie('device') };
}

function welcome(web: WebExchange, { token, deviceToken }: SignedIn): void {
  web.setCookie('session', token, cookieAge.session);
  if (deviceToken !== null) web.setCookie('device', deviceToken, cookieAge.device);
}
