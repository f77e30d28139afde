import { groupPath } from '@inferometer/pushgateway-bridge/grouping-key';
import fc from 'fast-check';
import { expect, test } from 'vitest';

const base = new URL('http://gateway:9091');

// Examples of the Pushgateway's README, "URL", among them.
test.each([
  ['the job alone', { job: 'backup' }, '/metrics/job/backup'],
  ['labels in order', { job: 'a', run: '88_2.r1', instance: 'gpu-07' }, '/metrics/job/a/run/88_2.r1/instance/gpu-07'],
  ['a slash', { job: 'cleaner', path: '/var/tmp' }, '/metrics/job/cleaner/path@base64/L3Zhci90bXA'],
  ['a slash in the job', { job: '/var/tmp' }, '/metrics/job@base64/L3Zhci90bXA'],
  ['an empty value', { job: 'a', first: '' }, '/metrics/job/a/first@base64/='],
  ['a dot', { job: 'a', b: '.' }, '/metrics/job/a/b@base64/Lg'],
  ['two dots', { job: 'a', b: '..' }, '/metrics/job/a/b@base64/Li4'],
  [
    'a Greek value',
    { job: 'titan', name: 'Προμηθεύς' },
    '/metrics/job/titan/name/%CE%A0%CF%81%CE%BF%CE%BC%CE%B7%CE%B8%CE%B5%CF%8D%CF%82',
  ],
  ['a question mark and a number sign', { job: 'a', b: '?c#d%' }, '/metrics/job/a/b/%3Fc%23d%25'],
])('%s is written as the README says', (_, key, path) => {
  expect(groupPath(base, key)).toBe(path);
});

test.each(['http://gateway:9091/base', 'http://gateway:9091/base/'])('a group lies below the path of %s', (url) => {
  expect(groupPath(new URL(url), { job: 'a' })).toBe('/base/metrics/job/a');
});

test('a Pushgateway reads every value back from the path as a URL has it', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary' }), (value) => {
      const { pathname } = new URL(groupPath(base, { job: 'a', label: value }), base);
      expect(labelOf(pathname)).toBe(value);
    }),
  );
});

/** The value of the group's second label, read as the README describes it. */
function labelOf(pathname: string): string {
  const [name = '', text = '', ...rest] = pathname.slice('/metrics/job/a/'.length).split('/');
  expect(rest).toEqual([]);
  const value = decodeURIComponent(text);
  return name.endsWith('@base64') ? Buffer.from(value, 'base64url').toString('utf8') : value;
}
