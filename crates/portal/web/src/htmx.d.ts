// The part of htmx 4 that is used here; its own types are a script's, not a module's.
declare module "htmx.org/dist/htmx.esm.js" {
  const htmx: { registerExtension(name: string, extension: object): void };
  export default htmx;
}
