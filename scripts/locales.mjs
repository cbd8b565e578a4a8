// Writes crates/chart/src/locale/table.rs: how CLDR writes numbers, money and dates, as ICU in Node has it.
// `node scripts/locales.mjs > crates/chart/src/locale/table.rs`
//
// Digits are always 0 to 9 and calendars Gregorian: an exact value must stay the engine's own digits.

const TAGS = [
  'en-US', 'en-GB', 'en-AU', 'en-CA', 'en-IE', 'en-IN', 'en-NZ', 'de', 'de-AT', 'de-CH', 'fr', 'fr-CA', 'fr-CH',
  'es', 'es-MX', 'it', 'it-CH', 'nl', 'nl-BE', 'pt', 'pt-PT', 'ca', 'sv', 'nb', 'da', 'fi', 'is', 'pl', 'cs', 'sk', 'hu',
  'ro', 'hr', 'sl', 'el', 'tr', 'ru', 'uk', 'et', 'he', 'id', 'ms', 'vi', 'th', 'hi', 'ja', 'ko', 'zh', 'zh-TW',
];
const CURRENCIES = [
  'EUR', 'USD', 'GBP', 'JPY', 'INR', 'CHF', 'AUD', 'CAD', 'NZD', 'CNY', 'HKD', 'TWD', 'KRW', 'SGD', 'BRL', 'MXN', 'SEK',
  'NOK', 'DKK', 'ISK', 'PLN', 'CZK', 'HUF', 'RON', 'TRY', 'RUB', 'UAH', 'ILS', 'ZAR', 'VND', 'THB', 'IDR', 'MYR', 'PHP',
];

const bare = (text) =>
  text
    .replace(/[\u200e\u200f\u061c]/g, '')
    // Perch Sans has no narrow space.
    .replace(/[\u202f\u2009]/g, '\u00a0');
const quote = (text) =>
  `"${bare(text).replace(/[\\"]/g, '\\$&').replace(/\u00a0/g, '\\u{a0}')}"`;
const list = (texts) => `[${texts.map(quote).join(', ')}]`;
const value = (parts, type) => parts.find((part) => part.type === type)?.value ?? '';

function locale(tag) {
  const language = `${tag}-u-nu-latn-ca-gregory`;
  const number = (options) => new Intl.NumberFormat(language, options);
  const long = number({}).formatToParts(123456789.5);
  const wholes = long.filter((part) => part.type === 'integer').map((part) => part.value.length);
  const least = value(number({}).formatToParts(1234), 'group') ? 4 : 5;

  const share = number({ style: 'percent' }).formatToParts(0.5);
  const at = share.findIndex((part) => part.type === 'integer');
  const join = (parts) => parts.map((part) => part.value).join('');
  const money = number({ style: 'currency', currency: 'EUR' }).formatToParts(-5);
  const [sign, digit, minus] = ['currency', 'integer', 'minusSign'].map((type) =>
    money.findIndex((part) => part.type === type),
  );
  const spaced = money.slice(Math.min(sign, digit) + 1, Math.max(sign, digit)).some((part) => part.type === 'literal' && bare(part.value).trim() === '' && part.value !== '' && bare(part.value) !== '');
  const inside = sign < minus && minus < digit;

  const units = [];
  for (let power = 3; power <= 14; power++) {
    const parts = number({ notation: 'compact', maximumFractionDigits: 0, useGrouping: false }).formatToParts(5 * 10 ** power);
    const place = parts.findIndex((part) => part.type === 'compact');
    if (place < 0) continue;
    const size = (5 * 10 ** power) / Number(value(parts, 'integer'));
    const whole = parts.findIndex((part) => part.type === 'integer');
    const name = join(parts.slice(whole + 1, place + 1));
    if (size >= 1000 && place > whole && !units.some((unit) => unit.size === size)) units.push({ size, name });
  }

  const date = (options) => new Intl.DateTimeFormat(language, { timeZone: 'UTC', ...options });
  const month = (index) => new Date(Date.UTC(2026, index, 5));
  const twelve = [...Array(12).keys()];
  const part = (options, type, day) => value(date(options).formatToParts(day), type);
  const pattern = (options) =>
    join(
      date(options)
        .formatToParts(month(0))
        .map(({ type, value }) => ({ value: { day: 'D', month: 'M', year: 'Y', weekday: 'W' }[type] ?? value })),
    );
  const full = { day: 'numeric', month: 'short', year: 'numeric' };
  const months = twelve.map((index) => part(full, 'month', month(index)));
  const brief = twelve.map((index) => part({ day: 'numeric', month: 'short' }, 'month', month(index)));
  if (months.join() !== brief.join()) console.error(`${tag}: ${months} and ${brief}`);
  const alone = twelve.map((index) => date({ month: 'short' }).format(month(index)));
  const days = [...Array(7).keys()].map((index) => part({ ...full, weekday: 'short' }, 'weekday', new Date(Date.UTC(2026, 0, 5 + index))));
  const padded = part({ day: 'numeric', month: 'short' }, 'day', month(0));
  if (padded !== '5') console.error(`${tag}: the day is ${padded}`);
  const symbols = CURRENCIES.map((currency) => [currency, bare(value(number({ style: 'currency', currency }).formatToParts(5), 'currency'))]).filter(([code, symbol]) => code !== symbol);

  return `    Locale {
        tag: ${quote(tag)},
        decimal: ${quote(value(long, 'decimal'))},
        group: ${quote(value(long, 'group'))},
        sizes: (${wholes.at(-1)}, ${wholes.at(-2)}),
        least: ${least},
        minus: ${quote(value(number({}).formatToParts(-1), 'minusSign'))},
        percent: (${quote(join(share.slice(0, at)))}, ${quote(join(share.slice(at + 1)))}),
        money: Money { before: ${sign < digit}, spaced: ${spaced}, inside: ${inside} },
        units: &[${units.reverse().map(({ size, name }) => `(${size.toExponential().replace('+', '')}, ${quote(name)})`).join(', ')}],
        symbols: &[${symbols.map(([code, symbol]) => `(${quote(code)}, ${quote(symbol)})`).join(', ')}],
        months: ${list(months)},
        alone: ${list(alone)},
        days: ${list(days)},
        date: ${quote(pattern({ ...full, weekday: 'short' }))},
        day: ${quote(pattern(full))},
        brief: ${quote(pattern({ day: 'numeric', month: 'short' }))},
    },`;
}

console.log(`//! How CLDR ${process.versions.cldr} writes numbers, money and dates, made by \`node scripts/locales.mjs\`: do not edit.

use super::{Locale, Money};

/// By their tags.
#[rustfmt::skip]
pub(super) static TABLE: [Locale; ${TAGS.length}] = [
${TAGS.map(locale).join('\n')}
];`);
