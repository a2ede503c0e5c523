// Draws the hexagons: by WebGL, or more slowly on a plain canvas where there is none.

const VERTEX = `#version 300 es
in vec2 at; in float edge; in vec4 paint;
uniform vec2 shift, half_size; uniform float scale;
out float v_edge; out vec4 v_paint;
void main() {
  v_edge = edge; v_paint = paint;
  vec2 pixel = (at * scale + shift) / half_size;
  gl_Position = vec4(pixel.x, -pixel.y, 0, 1);
}`;

// A hexagon without a released value is hatched. Its own border is drawn where it is large enough.
const FRAGMENT = `#version 300 es
precision mediump float;
in float v_edge; in vec4 v_paint;
uniform vec4 line, hatch; uniform float reach, sharp;
out vec4 colour;
void main() {
  vec4 fill = v_paint;
  if (v_paint.a == 0.0) {
    float along = fract((gl_FragCoord.x + gl_FragCoord.y) / (7.0 * sharp));
    fill = vec4(hatch.rgb, along < 0.18 ? hatch.a : hatch.a * 0.2);
  }
  float inside = (1.0 - v_edge) * reach;
  float seam = line.a * clamp((reach - 3.0) / 5.0, 0.0, 1.0) * (1.0 - smoothstep(0.2, 1.1, inside));
  fill.rgb = mix(fill.rgb, line.rgb, seam);
  colour = vec4(fill.rgb * fill.a, fill.a);
}`;

/** Something that draws hexagons on a canvas: outline(set), colour(bytes), draw(view, paper). */
export function painter(canvas) {
  const gl = canvas.getContext("webgl2", { antialias: false, premultipliedAlpha: true });
  return gl ? webgl(gl) : flat(canvas.getContext("2d"));
}

function webgl(gl) {
  const program = linked(gl);
  const spot = (name) => gl.getUniformLocation(program, name);
  const spots = Object.fromEntries(
    ["shift", "half_size", "scale", "line", "hatch", "reach", "sharp"].map((n) => [n, spot(n)]),
  );
  const [at, edge, paint, fans] = [0, 1, 2, 3].map(() => gl.createBuffer());
  let many = 0;
  gl.useProgram(program);
  feed(gl, program, "at", at, 2, gl.FLOAT, false);
  feed(gl, program, "edge", edge, 1, gl.UNSIGNED_BYTE, true);
  feed(gl, program, "paint", paint, 4, gl.UNSIGNED_BYTE, true);
  gl.bindBuffer(gl.ELEMENT_ARRAY_BUFFER, fans);
  gl.enable(gl.BLEND);
  gl.blendFunc(gl.ONE, gl.ONE_MINUS_SRC_ALPHA);
  return {
    slow: false,
    outline(set) {
      fill(gl, at, set.at);
      fill(gl, edge, set.edge);
      gl.bufferData(gl.ELEMENT_ARRAY_BUFFER, set.fans, gl.STATIC_DRAW);
      many = set.fans.length;
    },
    colour: (bytes) => fill(gl, paint, bytes),
    draw({ width, height, sharp, scale, shift, reach }, paper) {
      gl.viewport(0, 0, gl.drawingBufferWidth, gl.drawingBufferHeight);
      gl.clearColor(0, 0, 0, 0);
      gl.clear(gl.COLOR_BUFFER_BIT);
      gl.uniform2f(spots.shift, ...shift);
      gl.uniform2f(spots.half_size, width / 2, height / 2);
      gl.uniform1f(spots.scale, scale);
      gl.uniform1f(spots.reach, reach * scale);
      gl.uniform1f(spots.sharp, sharp);
      gl.uniform4f(spots.line, ...paper.seam);
      gl.uniform4f(spots.hatch, ...paper.hatch);
      if (many) gl.drawElements(gl.TRIANGLES, many, gl.UNSIGNED_INT, 0);
    },
  };
}

function feed(gl, program, name, buffer, size, type, normalized) {
  const where = gl.getAttribLocation(program, name);
  gl.bindBuffer(gl.ARRAY_BUFFER, buffer);
  gl.enableVertexAttribArray(where);
  gl.vertexAttribPointer(where, size, type, normalized, 0, 0);
}

function fill(gl, buffer, bytes) {
  gl.bindBuffer(gl.ARRAY_BUFFER, buffer);
  gl.bufferData(gl.ARRAY_BUFFER, bytes, gl.STATIC_DRAW);
}

function linked(gl) {
  const program = gl.createProgram();
  for (const [kind, source] of [[gl.VERTEX_SHADER, VERTEX], [gl.FRAGMENT_SHADER, FRAGMENT]]) {
    const shader = gl.createShader(kind);
    gl.shaderSource(shader, source);
    gl.compileShader(shader);
    gl.attachShader(program, shader);
  }
  gl.linkProgram(program);
  if (!gl.getProgramParameter(program, gl.LINK_STATUS) && !gl.isContextLost())
    throw new Error(`the shaders do not link: ${gl.getProgramInfoLog(program)}`);
  return program;
}

function flat(context) {
  let set = null, paint = null;
  return {
    slow: true,
    outline: (given) => { set = given; },
    colour: (bytes) => { paint = bytes; },
    draw({ width, height, sharp, scale, shift }, paper) {
      context.setTransform(sharp, 0, 0, sharp, (sharp * width) / 2, (sharp * height) / 2);
      context.clearRect(-width / 2, -height / 2, width, height);
      if (!set || !paint) return;
      const pixel = (k) => [set.at[2 * k] * scale + shift[0], set.at[2 * k + 1] * scale + shift[1]];
      for (let i = 0; i < set.n; i++) {
        const [x, y] = pixel(set.first[i]);
        if (Math.abs(x) > width || Math.abs(y) > height) continue;
        const [r, g, b, a] = paint.subarray(4 * set.first[i], 4 * set.first[i] + 4);
        const grey = paper.hatch.map((c) => Math.round(255 * c));
        context.fillStyle = a ? `rgba(${r},${g},${b},${a / 255})`
          : `rgba(${grey[0]},${grey[1]},${grey[2]},${paper.hatch[3] * 0.4})`;
        context.beginPath();
        for (let k = set.first[i] + 1; k < set.first[i + 1]; k++) context.lineTo(...pixel(k));
        context.fill();
      }
    },
  };
}
