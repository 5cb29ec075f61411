/** Words of English, and of polite requests, that say nothing about what is asked for. */
export const stopWords: ReadonlySet<string> = new Set(
  (
    'a an and are as at be been being but by can could did do does for from had has have he her him his how i ' +
    'if in into is it its ll m me my of on or our re s she should so some t than that the their them then there ' +
    'these they this those to us ve was we were what when where which who whom why will with would you your am ' +
    'any also please thanks thank hi hello hey dear kindly let lets want need like help'
  ).split(' '),
)
