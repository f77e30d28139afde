import { createHash, timingSafeEqual } from 'node:crypto';
import type { RequestHandler } from 'express';

/** User name of HTTP Basic authentication; the password is the token. */
export const tokenUser = 'inferometer';

/** Lets a request pass that carries the token as HTTP Basic password; every other gets 401. */
export function requireToken(token: string): RequestHandler {
  const expected = digest(`${tokenUser}:${token}`);
  return (request, response, next) => {
    const [scheme, credentials = ''] = (request.headers.authorization ?? '').split(' ');
    const given = digest(Buffer.from(credentials, 'base64').toString('utf8'));
    if (scheme?.toLowerCase() === 'basic' && timingSafeEqual(given, expected)) return next();
    return response
      .status(401)
      .set('WWW-Authenticate', 'Basic realm="inferometer"')
      .type('text')
      .send('token needed\n');
  };
}

function digest(text: string): Buffer {
  return createHash('sha256').update(text).digest();
}
