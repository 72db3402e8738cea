export function makeDebianPackage(options: { readonly fast: boolean }): Promise<string>;
