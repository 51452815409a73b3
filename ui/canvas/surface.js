// Draws a bent picture: triangles of it where they are now, the nearest last. WebGL where there is
// one, else a flat canvas, triangle by triangle.

const SHADERS = {
  vertex: `
    attribute vec2 place, source; attribute float amount;
    uniform float side; varying vec2 at; varying float share;
    void main() {
      at = source; share = amount;
      gl_Position = vec4((2.0 * place.x + 1.0) / side - 1.0, 1.0 - (2.0 * place.y + 1.0) / side, 0, 1);
    }`,
  fragment: `
    precision mediump float;
    uniform sampler2D picture, colours; uniform float first, wide, gain;
    uniform vec4 flat_; uniform bool alike; varying vec2 at; varying float share;
    void main() {
      vec2 where = (at + 0.5 - first) / wide;
      if (flat_.a > 0.0) { gl_FragColor = vec4(flat_.rgb, flat_.a * share); return; }
      vec4 shown = texture2D(colours, where);
      float alpha = alike ? shown.a : texture2D(picture, where).a;
      gl_FragColor = vec4(shown.rgb, min(1.0, gain * alpha) * share);
    }`,
};

// {draw(layers)}: each layer has places, source (x, y of each vertex), amount (how much it covers),
// corners of triangles, and the pictures it shows.
function webgl(canvas) {
  const gl = canvas.getContext('webgl', { alpha: false });
  if (!gl) return null;
  const program = gl.createProgram();
  for (const [kind, code] of [[gl.VERTEX_SHADER, SHADERS.vertex], [gl.FRAGMENT_SHADER, SHADERS.fragment]]) {
    const shader = gl.createShader(kind);
    gl.shaderSource(shader, code);
    gl.compileShader(shader);
    gl.attachShader(program, shader);
  }
  gl.linkProgram(program);
  gl.useProgram(program);
  gl.enable(gl.BLEND);
  gl.blendFunc(gl.SRC_ALPHA, gl.ONE_MINUS_SRC_ALPHA);
  const uniform = (name) => gl.getUniformLocation(program, name);
  const textures = new Map();
  const bind = (unit, name, image) => {
    gl.activeTexture(gl.TEXTURE0 + unit);
    if (!textures.has(image)) textures.set(image, texture(gl, image));
    gl.bindTexture(gl.TEXTURE_2D, textures.get(image));
    gl.uniform1i(uniform(name), unit);
  };
  const feed = (name, width, values) => {
    const at = gl.getAttribLocation(program, name);
    feed[name] ??= gl.createBuffer();
    gl.bindBuffer(gl.ARRAY_BUFFER, feed[name]);
    gl.bufferData(gl.ARRAY_BUFFER, values, gl.DYNAMIC_DRAW);
    gl.enableVertexAttribArray(at);
    gl.vertexAttribPointer(at, width, gl.FLOAT, false, 0, 0);
  };
  const order = gl.createBuffer();
  gl.bindBuffer(gl.ELEMENT_ARRAY_BUFFER, order);
  const draw = (layers, side) => {
    gl.viewport(0, 0, canvas.width, canvas.height);
    gl.uniform1f(uniform('side'), side);
    for (const { places, source, amount, corners, picture, colours, first, wide, flat, gain } of layers) {
      bind(0, 'picture', picture);
      bind(1, 'colours', colours);
      gl.uniform1i(uniform('alike'), picture === colours ? 1 : 0);
      gl.uniform1f(uniform('first'), first);
      gl.uniform1f(uniform('wide'), wide);
      gl.uniform1f(uniform('gain'), gain ?? 1);
      gl.uniform4fv(uniform('flat_'), flat ?? [0, 0, 0, 0]);
      feed('place', 2, places);
      feed('source', 2, source);
      feed('amount', 1, amount);
      gl.bufferData(gl.ELEMENT_ARRAY_BUFFER, corners, gl.DYNAMIC_DRAW);
      gl.drawElements(gl.TRIANGLES, corners.length, gl.UNSIGNED_SHORT, 0);
    }
  };
  return { draw, forget: () => textures.forEach((made) => gl.deleteTexture(made)) || textures.clear() };
}

function texture(gl, image) {
  const made = gl.createTexture();
  gl.bindTexture(gl.TEXTURE_2D, made);
  gl.pixelStorei(gl.UNPACK_PREMULTIPLY_ALPHA_WEBGL, false);
  gl.texImage2D(gl.TEXTURE_2D, 0, gl.RGBA, gl.RGBA, gl.UNSIGNED_BYTE, image);
  for (const [name, value] of [
    [gl.TEXTURE_WRAP_S, gl.CLAMP_TO_EDGE],
    [gl.TEXTURE_WRAP_T, gl.CLAMP_TO_EDGE],
    [gl.TEXTURE_MIN_FILTER, gl.LINEAR],
  ]) gl.texParameteri(gl.TEXTURE_2D, name, value);
  return made;
}

// The same without WebGL: an affine map for each triangle; nothing is drawn where it covers nothing.
function flatCanvas(canvas) {
  const pen = canvas.getContext('2d');
  const draw = (layers, side) => layers.forEach((layer) => {
    pen.setTransform(canvas.width / side, 0, 0, canvas.height / side, 0, 0);
    for (let t = 0; t < layer.corners.length; t += 3) flatTriangle(pen, layer, layer.corners.subarray(t, t + 3));
  });
  return { draw, forget: () => {} };
}

function flatTriangle(pen, { places, source, amount, picture, colours, first, wide, flat }, corners) {
  const share = Math.min(...Array.from(corners, (v) => amount[v]));
  if (!share || (colours !== picture && !flat)) return; // what is behind needs an alpha of its own
  const [a, b, c] = Array.from(corners, (v) => [places[2 * v] + 0.5, places[2 * v + 1] + 0.5]);
  const scale = colours.width / wide;
  const [s, t, u] = Array.from(corners, (v) => [0, 1].map((k) => (source[2 * v + k] + 0.5 - first) * scale));
  const area = (t[0] - s[0]) * (u[1] - s[1]) - (u[0] - s[0]) * (t[1] - s[1]);
  if (!area) return;
  pen.save();
  pen.beginPath();
  for (const [x, y] of [a, b, c]) pen.lineTo(x, y);
  pen.clip();
  const along = (k) => ((b[k] - a[k]) * (u[1] - s[1]) - (c[k] - a[k]) * (t[1] - s[1])) / area;
  const down = (k) => ((c[k] - a[k]) * (t[0] - s[0]) - (b[k] - a[k]) * (u[0] - s[0])) / area;
  const [m, n] = [[along(0), along(1)], [down(0), down(1)]];
  pen.transform(...m, ...n, a[0] - m[0] * s[0] - n[0] * s[1], a[1] - m[1] * s[0] - n[1] * s[1]);
  pen.globalAlpha = share;
  if (flat) {
    pen.fillStyle = `rgb(${flat.slice(0, 3).map((value) => 255 * value)})`;
    pen.fillRect(0, 0, colours.width, colours.height);
  } else {
    pen.drawImage(colours, 0, 0);
  }
  pen.restore();
}
