#version 330
// Which point of the neutral face a pixel shows, and which part it belongs to.
in vec3 v_rest;
in vec2 v_uv;
uniform int kind;
uniform sampler2DArray layers;
uniform int layer[4];
out vec4 place;
#include "collar.glsl"
void main() {
    float alpha = texture(layers, vec3(v_uv, float(layer[0]))).a;
    if ((kind == 2 || kind == 3) && alpha < 0.5) discard;
    place = vec4(v_rest, float(kind == 1 && above_collar(v_rest) < 0.0 ? 5 : kind));
}
