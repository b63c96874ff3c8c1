import { registerHooks } from 'node:module';

// Node strips the types itself; our imports name the compiled file, as TypeScript wants them.
registerHooks({
  resolve(specifier, context, nextResolve) {
    const isOurSource = specifier.startsWith('.') && context.parentURL?.endsWith('.ts');
    return nextResolve(isOurSource ? specifier.replace(/\.js$/, '.ts') : specifier, context);
  },
});
