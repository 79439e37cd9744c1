// The order of words by a language's rules: `node collate.mjs sv '["b", "a"]'`.

const [language, words] = process.argv.slice(2);
const { compare } = new Intl.Collator(language);
console.log(JSON.stringify(JSON.parse(words).sort(compare)));
