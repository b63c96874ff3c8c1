const MAX_CHARACTERS = 300;

/** A message of an error without what it quotes: that may be what a person wrote. */
export function scrubbed(message: string): string {
  return message
    .replaceAll(/"[^"]*"|'[^']*'|`[^`]*`|“[^”]*”/g, '"…"')
    .replaceAll(/[\w.+-]+@[\w-]+(\.[\w-]+)+/g, '…@…')
    .replaceAll(/\b(?:Bearer\s+)?(?:sk|pk|eyJ)[\w.-]{8,}/g, '…')
    .replaceAll(/\d{6,}/g, '…')
    .slice(0, MAX_CHARACTERS);
}
