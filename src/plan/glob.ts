/** Patterns of names: `*` is any run of characters, `?` is one, everything else is itself. */

export function globMatcher(pattern: string): (name: string) => boolean {
  const parts = Array.from(pattern, (character) => {
    if (character === '*') return '.*';
    if (character === '?') return '.';
    return character.replace(/[.*+?^${}()|[\]\\]/g, '\\$&');
  });
  const expression = new RegExp(`^${parts.join('')}$`);
  return (name) => expression.test(name);
}
