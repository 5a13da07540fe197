// The module of uPlot; its types are those of the package.
declare module "uplot/dist/uPlot.esm.js" {
  export { default } from "uplot";
}
