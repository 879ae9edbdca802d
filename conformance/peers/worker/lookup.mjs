/*
 * Makes `import "@trigger.dev/sdk/ai"` of an agent module mean the version under test.
 *
 * Agents are written as in an application, with bare names. Those in this folder take every package
 * from the root that the worker was started with; an agent module of somebody's own takes what lies
 * beside it first, as it always does, and the root's when there is nothing.
 */
let rootParent; // a URL inside the root, which Node looks packages up from
let sdkParent; // the same inside the SDK, for packages that only the SDK depends on
let ownFolder;

export function initialize(data) {
  ({ rootParent, sdkParent, ownFolder } = data);
}

const BARE = /^(?![./]|node:|file:|data:)/;

export async function resolve(specifier, context, next) {
  if (!BARE.test(specifier) || !context.parentURL || context.parentURL.includes("/node_modules/")) {
    return next(specifier, context);
  }
  const parents = [rootParent, sdkParent];
  if (!context.parentURL.startsWith(ownFolder)) parents.unshift(context.parentURL);
  let failure;
  for (const parentURL of parents) {
    try {
      return await next(specifier, { ...context, parentURL });
    } catch (error) {
      failure ??= error;
    }
  }
  throw failure;
}
